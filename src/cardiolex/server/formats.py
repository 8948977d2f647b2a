"""Findings as CSV, and as FHIR R4."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NOTICE = "Research software, not a medical device. A physician has to confirm every finding."
SNOMED = "http://snomed.info/sct"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
LOINC = "http://loinc.org"
OWN = "urn:cardiolex"
"""Where no code system has an address of its own in FHIR: SCP-ECG and AHA statements."""
SYSTEMS = {"snomed": SNOMED, "scp": f"{OWN}:scp-ecg", "aha": f"{OWN}:aha-statement"}
MEASURED = {
    "heart_rate": ("8867-4", "Heart rate", "/min"),
    "pr_interval": ("8625-6", "P-R Interval", "ms"),
    "qrs_duration": ("8633-0", "QRS duration", "ms"),
    "qt_interval": ("8634-8", "Q-T interval", "ms"),
    "qtc_bazett": ("8636-3", "Q-T interval corrected", "ms"),
    "qrs_axis": ("8632-2", "QRS axis", "deg"),
}
"""Measurement to its LOINC code, the code's words, and its UCUM unit."""
_CSV = ("record", "condition", "probability", "decision", "leads", "seen", "calibrated")


def to_csv(answer: Mapping[str, Any]) -> str:
    """Long form, one row per condition."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV)
    for row in answer["findings"]:
        writer.writerow(
            (
                answer["record"],
                row["condition"],
                f"{row['probability']:.6f}",
                "" if row["decision"] is None else int(row["decision"]),
                " ".join(answer["leads"]),
                row["seen"],
                row["calibrated"],
            )
        )
    return text.getvalue()


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
        _measured(one, issued)
        for one in answer.get("measurements", ())
        if one["name"] in MEASURED and one["value"] is not None
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
        "category": [_procedure()],
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
    code, words, unit = MEASURED[one["name"]]
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [_procedure()],
        "code": {
            "coding": [{"system": LOINC, "code": code, "display": words}],
            "text": one["name"].replace("_", " "),
        },
        "issued": issued,
        "valueQuantity": {
            "value": round(one["value"], 1),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        "method": {"text": f"cardiolex, automatic: {one['meaning']}"},
        "note": [{"text": NOTICE}],
    }


def _procedure() -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {"coding": [{"system": system, "code": "procedure", "display": "Procedure"}]}


def _number(text: str, value: float) -> dict[str, Any]:
    quantity = {
        "value": round(value, 6),
        "unit": "1",
        "system": "http://unitsofmeasure.org",
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
