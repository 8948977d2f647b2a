"""GE MUSE XML (root RestingECG): the rhythm waveform, the cart's statements and measurements.

Layout from public exports: base64 of little-endian int16 in `WaveFormData`, microvolts per bit in
`LeadAmplitudeUnitsPerBit`, I, II and V1 to V6 stored; the other limb leads follow from I and II.
"""

import base64
import binascii
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.comments import parse_sex
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.person import age_in
from cardiolex.recordings.readers.pieces import Piece, in_millivolts, join_pieces, require_rate
from cardiolex.recordings.readers.xml_tree import as_report, filled, number, parse_xml, text_at
from cardiolex.recordings.recording import Recording

_READ = {"PatientDemographics", "TestDemographics", "RestingECGMeasurements", "Diagnosis"}
_READ |= {"Waveform", "MuseInfo"}
_MEASURED = {
    "VentricularRate": "/min",
    "AtrialRate": "/min",
    "PRInterval": "ms",
    "QRSDuration": "ms",
    "QTInterval": "ms",
    "QTCorrected": "ms",
    "PAxis": "degrees",
    "RAxis": "degrees",
    "TAxis": "degrees",
}


def read_muse(path: Path) -> Recording:
    """Read the rhythm waveform; III, aVR, aVL and aVF are derived where they are not stored."""
    root = parse_xml(path)
    rhythm, others = _waveforms(path, root)
    joined = join_pieces(path, [_piece(path, waveform) for waveform in rhythm])
    person = root.find("PatientDemographics")
    age, notes = age_in(text_at(person, "PatientAge"), text_at(person, "AgeUnits") or "YEARS")
    recording = Recording.from_channels(
        joined.values,
        joined.names,
        joined.fs,
        id=path.stem,
        patient=text_at(person, "PatientID") or None,
        age=age,
        sex=parse_sex(text_at(person, "Gender")),
        report=_report(root.find("Diagnosis")),
        notes=(*joined.notes, *notes),
        details=_details(root),
        unread=(*joined.unread, *others, *_unread(root, person)),
    )
    return _restored(recording)


def _waveforms(path: Path, root: Element) -> tuple[list[Element], list[str]]:
    kinds = [(text_at(w, "WaveformType"), w) for w in root.findall("Waveform")]
    rhythm = [waveform for kind, waveform in kinds if kind.lower() == "rhythm"]
    if not rhythm:
        held = ", ".join(kind or "unnamed" for kind, _ in kinds) or "none"
        raise ReadError(path, f"holds no Rhythm waveform (waveforms: {held})", "export it with one")
    return rhythm, [f"{kind or 'unnamed'} waveform" for kind, w in kinds if w not in rhythm]


def _piece(path: Path, waveform: Element) -> Piece:
    base = number(path, text_at(waveform, "SampleBase"), "SampleBase")
    exponent = number(path, text_at(waveform, "SampleExponent") or 0, "SampleExponent")
    fs = require_rate(path, base * 10.0 ** max(-9.0, min(9.0, exponent)))
    leads = [(text_at(data, "LeadID"), data) for data in waveform.findall("LeadData")]
    bounded_shape(path, len(leads), 1)
    rows = [_samples(path, lead, data) for lead, data in leads]
    if len({row.size for row in rows}) > 1:
        sizes = ", ".join(f"{lead} {row.size}" for (lead, _), row in zip(leads, rows, strict=True))
        raise ReadError(path, f"leads differ in their number of samples ({sizes})")
    return Piece(np.stack(rows), tuple(lead for lead, _ in leads), fs, title="rhythm waveform")


def _samples(path: Path, lead: str, data: Element) -> NDArray[np.float64]:
    """Return one lead in mV."""
    if (text_at(data, "LeadSampleSize") or "2") != "2":
        raise ReadError(path, f"lead {lead}: LeadSampleSize is not 2 bytes")
    try:
        raw = base64.b64decode(text_at(data, "WaveFormData"))
    except (binascii.Error, ValueError) as error:
        raise ReadError(path, f"lead {lead}: WaveFormData is no base64 ({error})") from error
    total = number(path, text_at(data, "LeadSampleCountTotal") or len(raw) // 2, "sample count")
    if len(raw) != 2 * total or not raw:
        raise ReadError(
            path,
            f"lead {lead} states {total:g} samples, but holds {len(raw) // 2}",
            "it is cut off",
        )
    gain = number(path, text_at(data, "LeadAmplitudeUnitsPerBit"), "LeadAmplitudeUnitsPerBit")
    if gain <= 0:
        raise ReadError(path, f"lead {lead}: LeadAmplitudeUnitsPerBit is {gain:g}")
    unit = (text_at(data, "LeadAmplitudeUnits") or "MICROVOLTS").lower()
    return in_millivolts(path, lead, np.frombuffer(raw, "<i2") * gain, unit)


def _restored(recording: Recording) -> Recording:
    full = recording.with_derived()
    new = [lead for lead in full.leads if lead not in recording.leads]
    if not new:
        return recording
    note = f"{', '.join(new)} are not stored: computed from I and II (Einthoven, Goldberger)"
    return replace(full, notes=(*full.notes, note))


def _report(diagnosis: Element | None) -> str | None:
    """Join the statements to lines, which the flag ENDSLINE ends."""
    lines, line = [], ""
    for statement in [] if diagnosis is None else diagnosis.findall("DiagnosisStatement"):
        line = f"{line} {text_at(statement, 'StmtText')}"
        if any((flag.text or "").strip() == "ENDSLINE" for flag in statement.findall("StmtFlag")):
            lines.append(line)
            line = ""
    return as_report([*lines, line])


def _details(root: Element) -> dict[str, str]:
    test = root.find("TestDemographics")
    measured = root.find("RestingECGMeasurements")
    day, clock = text_at(test, "AcquisitionDate"), text_at(test, "AcquisitionTime")
    details = {
        "device": text_at(test, "AcquisitionDevice"),
        "software": text_at(test, "AcquisitionSoftwareVersion"),
        "recorded": f"{day} {clock}",
        "report status": text_at(test, "Status"),
    }
    for name, unit in _MEASURED.items():
        value = text_at(measured, name)
        details[f"the cart's {name}"] = f"{value} {unit}" if value else ""
    return filled(details)


def _unread(root: Element, person: Element | None) -> list[str]:
    named = any(text_at(person, f"Patient{part}Name") for part in ("First", "Last"))
    blocks = {element.tag for element in root if element.tag not in _READ}
    return [*sorted(blocks), *["the name"] * named]
