"""HL7 annotated ECG (AnnotatedECG of the FDA): rhythm series, leads by MDC code."""

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.comments import parse_sex
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.person import day_of, years_between
from cardiolex.recordings.readers.pieces import Piece, in_millivolts, join_pieces, require_rate
from cardiolex.recordings.readers.xml_tree import (
    as_report,
    attribute,
    filled,
    number,
    parse_xml,
    text_at,
)
from cardiolex.recordings.recording import Recording

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "": 1.0}
_PERSON = "componentOf/timepointEvent/componentOf/subjectAssignment/subject/trialSubject"
_DEVICE = "author/seriesAuthor/manufacturedSeriesDevice"
_MAKER = "author/seriesAuthor/manufacturerOrganization/name"
_STATEMENTS = (
    "MDC_ECG_INTERPRETATION",
    "MDC_ECG_INTERPRETATION_STATEMENT",
    "MDC_ECG_INTERPRETATION_SUMMARY",
    "MDC_ECG_INTERPRETATION_COMMENT",
)
_MEASURED = {
    "MDC_ECG_HEART_RATE": "heart rate",
    "MDC_ECG_TIME_PD_PR": "PR interval",
    "MDC_ECG_TIME_PD_QRS": "QRS duration",
    "MDC_ECG_TIME_PD_QT": "QT interval",
    "MDC_ECG_TIME_PD_QTc": "QTc interval",
}


def read_aecg(path: Path) -> Recording:
    """Read the rhythm series; several sequence sets come onto one time axis."""
    root = parse_xml(path)
    series = root.findall("component/series")
    derived = root.findall("component/series/derivation/derivedSeries")
    rhythm = [one for one in series if attribute(one, "code", "code") != "REPRESENTATIVE_BEAT"]
    beats = len(series) - len(rhythm) + len(derived)
    pieces = [
        _piece(path, sequences)
        for one in rhythm
        for sequences in one.findall("component/sequenceSet")
    ]
    if not pieces:
        raise ReadError(path, "holds no rhythm series with sequences", "export the waveforms too")
    joined = join_pieces(path, pieces)
    statements, measured, left = _annotations(root)
    person = root.find(_PERSON)
    named = person if person is not None else root.find(".//trialSubject")
    recorded = attribute(root, "effectiveTime/low", "value") or attribute(
        root, "effectiveTime/center", "value"
    )
    born = attribute(named, "subjectDemographicPerson/birthTime", "value")
    unread = [f"{beats} series of representative beats"] if beats else []
    unread += [f"{left} annotations (waves, measurements)"] if left else []
    name = None if named is None else named.find("subjectDemographicPerson/name")
    unread += ["the name"] if name is not None and "".join(name.itertext()).strip() else []
    return Recording.from_channels(
        joined.values,
        joined.names,
        joined.fs,
        id=path.stem,
        patient=attribute(named, "id", "extension") or None,
        age=years_between(day_of(born), day_of(recorded)),
        sex=parse_sex(
            attribute(named, "subjectDemographicPerson/administrativeGenderCode", "code")
        ),
        report=as_report(statements),
        notes=joined.notes,
        details=filled(
            {
                "device": text_at(rhythm[0], f"{_DEVICE}/manufacturerModelName"),
                "manufacturer": text_at(rhythm[0], _MAKER),
                "software": text_at(rhythm[0], f"{_DEVICE}/softwareName"),
                "recorded": recorded,
                **measured,
            }
        ),
        unread=(*joined.unread, *unread),
    )


def _piece(path: Path, sequences: Element) -> Piece:
    """Read one sequence set: its time axis and its leads, in mV."""
    found = [(attribute(s, "code", "code"), s.find("value")) for s in sequences.iter("sequence")]
    held = [(code, value) for code, value in found if value is not None]
    times = [value for code, value in held if code.startswith("TIME_")]
    channels = [(code, value) for code, value in held if not code.startswith("TIME_")]
    if not times or not channels:
        raise ReadError(path, "a sequence set lacks its time axis or its leads")
    fs, start_s = _time_axis(path, times[0])
    listed = [_digits(path, code, value) for code, value in channels]
    length = max((row.size for row in listed if row is not None), default=0)
    bounded_shape(path, len(channels), length)
    rows = [
        _generated(path, code, value, length) if row is None else row
        for row, (code, value) in zip(listed, channels, strict=True)
    ]
    if any(row.size != length for row in rows):
        sizes = ", ".join(f"{c} {r.size}" for (c, _), r in zip(channels, rows, strict=True))
        raise ReadError(path, f"leads of a sequence set differ in length ({sizes})")
    names = tuple(code for code, _ in channels)
    return Piece(np.stack(rows), names, fs, start_s, title="rhythm sequence set")


def _time_axis(path: Path, value: Element) -> tuple[float, float]:
    """Return rate in Hz and start in seconds of a GLIST_TS or GLIST_PQ."""
    if "GLIST" not in value.get(_TYPE, "GLIST"):
        raise ReadError(path, "lists its times one by one", "an even time axis is needed")
    unit = attribute(value, "increment", "unit")
    if unit not in _SECONDS:
        raise ReadError(path, f"its time increment has the unit {unit!r}", "use s, ms or us")
    step = number(path, attribute(value, "increment", "value"), "the time increment")
    if step <= 0:
        raise ReadError(path, f"its time increment is {step:g} {unit}", "it must be above 0")
    fs = require_rate(path, 1 / (step * _SECONDS[unit]))
    return (round(fs) if abs(fs - round(fs)) < 1e-3 else fs), _start(path, value)


def _start(path: Path, value: Element) -> float:
    head, unit = attribute(value, "head", "value"), attribute(value, "head", "unit")
    stamp = re.fullmatch(r"(\d{14})(\.\d+)?([+-]\d{4})?", head)
    if stamp is None:
        whole = re.fullmatch(r"-?\d{1,9}(\.\d+)?", head)
        return float(head) * _SECONDS.get(unit, 1.0) if whole else 0.0
    try:
        moment = datetime.strptime(stamp[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ReadError(path, f"a time axis starts at {head!r}, which is no time") from None
    return moment.timestamp() + float(stamp[2] or 0)


def _digits(path: Path, code: str, value: Element) -> NDArray[np.float64] | None:
    """Return a listed lead in mV; None if it is generated (GLIST)."""
    if "GLIST" in value.get(_TYPE, "") or value.find("digits") is None:
        return None
    try:
        counts = np.array(text_at(value, "digits").split(), np.float64)
    except ValueError as error:
        raise ReadError(path, f"{code}: a digit is no number ({error})") from error
    scale, unit = _quantity(path, value, "scale", code)
    origin, origin_unit = _quantity(path, value, "origin", code)
    if scale == 0:
        raise ReadError(path, f"{code}: its scale is 0", "write the true volts per digit")
    if origin == 0:
        return in_millivolts(path, code, counts * scale, unit)
    shift = in_millivolts(path, code, np.array([origin]), origin_unit or unit)
    return in_millivolts(path, code, counts * scale, unit) + shift


def _generated(path: Path, code: str, value: Element, length: int) -> NDArray[np.float64]:
    """Return a GLIST_PB in mV: head + n * increment, n counting up over `period` samples."""
    head, unit = _quantity(path, value, "head", code)
    step, _ = _quantity(path, value, "increment", code)
    period = int(number(path, attribute(value, "period", "value") or 0, "the period"))
    count = np.arange(length) % period if period > 0 else np.arange(length)
    return in_millivolts(path, code, head + step * count.astype(np.float64), unit)


def _quantity(path: Path, value: Element, place: str, code: str) -> tuple[float, str]:
    found = attribute(value, place, "value")
    if not found and place != "scale":
        return 0.0, attribute(value, place, "unit") or "mV"
    return number(path, found, f"the {place} of {code}"), attribute(value, place, "unit")


def _annotations(root: Element) -> tuple[list[str], dict[str, str], int]:
    """Return statements, the device's measurements, and how many annotations are neither."""
    statements: list[str] = []
    measured: dict[str, str] = {}
    left = 0
    for annotation in root.iter("annotation"):
        code, value = attribute(annotation, "code", "code"), annotation.find("value")
        words = text_at(annotation, "value") or text_at(annotation, "text")
        if code in _STATEMENTS:
            statements.append(words)
        elif code in _MEASURED and value is not None and value.get("value"):
            unit = value.get("unit", "")
            measured.setdefault(f"the device's {_MEASURED[code]}", f"{value.get('value')} {unit}")
        else:
            left += 1
    return statements, measured, left
