"""Findings as FHIR R4.

LOINC's codes and words for measurements are those of HL7's value set "US Core Clinical Test Codes"
(intervals and axes), of LOINC's own definitions of the corrected Q-T interval (one code for each
formula) and of FHIR's vital signs (heart rate). What has no code there is named in words alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NOTICE = "Research software, not a medical device. A physician has to confirm every finding."
SNOMED = "http://snomed.info/sct"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
OWN = "urn:cardiolex"
"""Where no code system has an address of its own in FHIR: SCP-ECG and AHA statements."""
SYSTEMS = {"snomed": SNOMED, "scp": f"{OWN}:scp-ecg", "aha": f"{OWN}:aha-statement"}
MEASURED = {
    "heart_rate": ("8867-4", "Heart rate"),
    "pr_interval": ("8625-6", "P-R interval"),
    "qrs_duration": ("8633-0", "QRS duration"),
    "qt_interval": ("8634-8", "Q-T interval"),
    "qtc_bazett": ("76635-2", "Q-T interval corrected based on Bazett formula"),
    "qtc_fridericia": ("76634-5", "Q-T interval corrected based on Fridericia formula"),
    "p_axis": ("8626-4", "P wave axis"),
    "qrs_axis": ("8632-2", "QRS axis"),
    "t_axis": ("8638-9", "T wave axis"),
}
"""Measurement to its LOINC code and the code's words."""


def to_fhir(
    answer: Mapping[str, Any],
    codes: Mapping[str, Mapping[str, Sequence[str]]],
    now: datetime | None = None,
) -> dict[str, Any]:
    """A Bundle with a DiagnosticReport and an Observation for every finding and measurement.

    `codes` are the vocabulary's, by canonical name. Nothing is said about the patient, whom the
    recipient knows: set `subject` there. Everything is preliminary until a physician confirms it.
    """
    issued = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    observations = [_observation(row, answer, codes, issued) for row in answer["findings"]]
    observations += [
        _measured(one, issued) for one in answer.get("measurements", ()) if one["value"] is not None
    ]
    entries = [(f"urn:uuid:{uuid.uuid4()}", one) for one in observations]
    report = {
        "resourceType": "DiagnosticReport",
        "status": "preliminary",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                        "code": "EC",
                        "display": "Electrocardiac (e.g., EKG,  EEC, Holter)",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": LOINC, "code": "11524-6", "display": "EKG study"}],
            "text": "ECG, read by software",
        },
        "issued": issued,
        "result": [{"reference": address} for address, _ in entries],
        "conclusion": _conclusion(answer),
        "conclusionCode": [_concept(row, codes) for row in answer["findings"] if row["decision"]],
    }
    if answer["record"]:
        report["identifier"] = [{"system": f"{OWN}:record", "value": answer["record"]}]
    if not report["conclusionCode"]:
        del report["conclusionCode"]  # FHIR knows no empty lists
    first = (f"urn:uuid:{uuid.uuid4()}", report)
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": issued,
        "entry": [{"fullUrl": address, "resource": one} for address, one in (first, *entries)],
    }


def _observation(
    row: Mapping[str, Any],
    answer: Mapping[str, Any],
    codes: Mapping[str, Mapping[str, Sequence[str]]],
    issued: str,
) -> dict[str, Any]:
    standing = [
        "seen in training" if row["seen"] else "never a label in training",
        "calibrated" if row["calibrated"] else "not calibrated",
        f"leads {' '.join(answer['leads'])}",
    ]
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [_category("procedure", "Procedure")],
        "code": _concept(row, codes),
        "issued": issued,
        **_decided(row),
        "method": {"text": f"cardiolex, model {answer['model']}"},
        "device": {"display": f"cardiolex, model {answer['model']}"},
        "note": [{"text": "; ".join(standing)}, {"text": NOTICE}],
        "component": [
            _number("probability", row["probability"]),
            _number("threshold of the decision", row["threshold"]),
        ],
    }


def _measured(one: Mapping[str, Any], issued: str) -> dict[str, Any]:
    """An automatic measurement; its units are UCUM's."""
    name = one["name"]
    code: dict[str, Any] = {"text": name.replace("_", " ")}
    if name in MEASURED:
        loinc, words = MEASURED[name]
        code["coding"] = [{"system": LOINC, "code": loinc, "display": words}]
    digits = 2 if one["unit"] == "mV" else 1
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [_category("vital-signs", "Vital Signs")] * (name == "heart_rate")
        + [_category("procedure", "Procedure")],
        "code": code,
        "issued": issued,
        "valueQuantity": {
            "value": round(one["value"], digits),
            "unit": one["unit"],
            "system": UCUM,
            "code": one["unit"],
        },
        "method": {"text": f"cardiolex, automatic: {one['meaning']}"},
        "note": [{"text": NOTICE}],
    }


def _category(code: str, words: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {"coding": [{"system": system, "code": code, "display": words}]}


def _number(text: str, value: float) -> dict[str, Any]:
    quantity = {
        "value": round(value, 6),
        "unit": "1",
        "system": UCUM,
        "code": "1",
    }
    return {"code": {"text": text}, "valueQuantity": quantity}


def _concept(
    row: Mapping[str, Any], codes: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, Any]:
    """The condition with every code that the vocabulary has for it; words alone if it has none."""
    known = codes.get(row["name"] or "", {})
    coding = [
        {"system": system, "code": code, "display": row["name"]}
        for key, system in SYSTEMS.items()
        for code in known.get(key, ())
    ]
    return {"coding": coding, "text": row["condition"]} if coding else {"text": row["condition"]}


def _decided(row: Mapping[str, Any]) -> dict[str, Any]:
    """The decision, or why there is none."""
    if row["decision"] is not None:
        return {"valueBoolean": row["decision"]}
    coding = {"system": ABSENT_REASON, "code": "error", "display": "Error"}
    return {"dataAbsentReason": {"coding": [coding], "text": "recording too poor to decide"}}


def _conclusion(answer: Mapping[str, Any]) -> str:
    if answer["findings"] and all(row["decision"] is None for row in answer["findings"]):
        return f"Nothing was decided. Signal: {'; '.join(answer['warnings'])}. {NOTICE}"
    present = [row["condition"] for row in answer["findings"] if row["decision"]]
    found = ", ".join(present) or "none of the conditions asked for"
    warned = f" Signal: {'; '.join(answer['warnings'])}." if answer["warnings"] else ""
    return f"Decided as present: {found}.{warned} {NOTICE}"
