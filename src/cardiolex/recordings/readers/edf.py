"""EDF, EDF+ and BDF through edfio: mixed rates, gaps (EDF+D), annotations; a part without the rest.

Kemp 1992 (EDF), Kemp and Olivan 2003 (EDF+).
"""

import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.comments import parse_sex
from cardiolex.recordings.readers.edf_head import EdfHead, parse_edf_head, record_starts
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.named import named_channels
from cardiolex.recordings.readers.part import Part
from cardiolex.recordings.readers.person import years_between
from cardiolex.recordings.readers.pieces import (
    Joined,
    Piece,
    in_millivolts,
    join_pieces,
    require_rate,
)
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.readers.told import parse_told
from cardiolex.recordings.readers.xml_tree import filled
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.resampling import resample

MOST_RUNS = 1000


def read_edf(path: Path, facts: Stated, part: Part, keep_truncated: bool = False) -> Recording:
    """Read the signals; those of another rate than the leads are resampled, with a note."""
    head = parse_edf_head(path)
    if head.held < head.records and not (keep_truncated and head.held):
        raise ReadError(
            path, f"states {head.records} data records, but holds {head.held}", "it is cut off"
        )
    edf, signals = _opened(path, head)
    names = named_channels(path, [signal.label for signal in signals], facts)
    fs = _lead_rate(path, head, signals, names)
    starts = record_starts(path, head) if head.gaps else []
    runs = _runs(path, starts, head.seconds) if starts else [(0, head.held)]
    if len(runs) > 1:
        joined, notes = _with_gaps(path, head, signals, names, fs, runs, starts)
    else:
        joined, notes = _continuous(path, head, signals, names, fs, part)
    if head.held < head.records:
        notes.append(f"the file is cut off: {head.records - head.held} data records are missing")
    person, unread = _person(edf, head)
    recording = Recording.from_channels(
        joined.values,
        joined.names,
        fs,
        id=path.stem,
        notes=(*joined.notes, *notes),
        unread=(*joined.unread, *unread),
        **person,
    )
    return recording if len(runs) == 1 or part.whole else _cropped(path, recording, part)


def _opened(path: Path, head: EdfHead) -> tuple[Any, list[Any]]:
    import edfio

    read: Any = edfio.read_bdf if head.wide else edfio.read_edf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of was checked in the head
        edf = read(path, header_encoding="latin-1")
    signals = list(edf.signals)
    for signal in signals:
        label = signal.label
        try:
            low, high = signal.physical_min, signal.physical_max
            digital = signal.digital_min, signal.digital_max
        except ValueError as error:
            raise ReadError(path, f"signal {label!r}: its range is no number ({error})") from error
        if not np.isfinite([low, high]).all() or low == high:
            raise ReadError(path, f"signal {label!r} has the physical range {low:g} to {high:g}")
        if digital[0] >= digital[1]:
            raise ReadError(path, f"signal {label!r} has an empty digital range", "it is damaged")
    if not signals:
        raise ReadError(path, "holds annotations only", "there is no signal to read")
    return edf, signals


def _lead_rate(path: Path, head: EdfHead, signals: list[Any], names: list[str]) -> float:
    """Return the rate of most standard leads (the higher one of equals)."""
    rates = [
        s.samples_per_data_record / head.seconds
        for s, n in zip(signals, names, strict=True)
        if standard_name(n)
    ]
    if not rates:
        raise ReadError(path, f"no channel is a standard ECG lead: {', '.join(map(repr, names))}")
    return require_rate(path, max(rates, key=lambda rate: (rates.count(rate), rate)))


def _continuous(
    path: Path, head: EdfHead, signals: list[Any], names: list[str], fs: float, part: Part
) -> tuple[Joined, list[str]]:
    """Read the wanted part of a file without gaps: only its data records are loaded."""
    first, last = part.samples(path, fs, round(head.held * head.seconds * fs))
    bounded_shape(path, len(signals), last - first)
    record, stop = int(first / fs // head.seconds), -int(-last / fs // head.seconds)
    values, notes = _values(path, head, signals, names, fs, (record, min(stop, head.held)))
    offset = first - round(record * head.seconds * fs)
    return Joined(values[:, offset : offset + last - first], tuple(names), fs), notes


def _values(
    path: Path, head: EdfHead, signals: list[Any], names: list[str], fs: float, run: tuple[int, int]
) -> tuple[NDArray[np.float64], list[str]]:
    """Return data records `run` (first, stop) of all signals as (C, T) at `fs`, and notes."""
    total = round((run[1] - run[0]) * head.seconds * fs)
    bounded_shape(path, len(signals), total)
    rows, resampled = np.empty((len(signals), total)), []
    for row, signal, name in zip(rows, signals, names, strict=True):
        begin, end = (record * head.seconds for record in run)
        values = in_millivolts(
            path, name, np.asarray(signal.get_data_slice(begin, end)), signal.physical_dimension
        )
        rate = signal.samples_per_data_record / head.seconds
        if rate != fs:
            resampled.append(f"{name} ({rate:g} Hz)")
            row[:] = _fitted(resample(values[None].astype(np.float32), rate, fs)[0], total)
        else:
            row[:] = values
    notes = [f"resampled to the leads' {fs:g} Hz: {', '.join(resampled)}"] if resampled else []
    return rows, notes


def _fitted(values: NDArray[np.float32], total: int) -> NDArray[np.float32]:
    """Cut or hold the end, so that rounding in the resampler does not matter."""
    return np.pad(values[:total], (0, max(0, total - values.size)), mode="edge")


def _runs(path: Path, starts: list[float], seconds: float) -> list[tuple[int, int]]:
    """Return stretches of data records (first, stop) that follow one another without a gap."""
    breaks = [n for n in range(1, len(starts)) if abs(starts[n] - starts[n - 1] - seconds) > 1e-6]
    if len(breaks) >= MOST_RUNS:
        raise ReadError(path, f"has {len(breaks)} gaps", f"up to {MOST_RUNS} can be read")
    edges = [0, *breaks, len(starts)]
    return list(pairwise(edges))


def _with_gaps(
    path: Path,
    head: EdfHead,
    signals: list[Any],
    names: list[str],
    fs: float,
    runs: list[tuple[int, int]],
    starts: list[float],
) -> tuple[Joined, list[str]]:
    notes: list[str] = []
    pieces = []
    for run in runs:
        values, notes = _values(path, head, signals, names, fs, run)
        title = f"data records {run[0] + 1} to {run[1]}"
        pieces.append(Piece(values, tuple(names), fs, starts[run[0]], title))
    return join_pieces(path, pieces), notes


def _cropped(path: Path, recording: Recording, part: Part) -> Recording:
    first, last = part.samples(path, recording.fs, recording.mv.shape[1])
    return recording.crop(first / recording.fs, last / recording.fs)


def _person(edf: Any, head: EdfHead) -> tuple[dict[str, Any], list[str]]:
    """Return what the head and the annotations say, and what of them was not read."""
    unread: list[str] = []
    annotations = _annotations(edf, unread)
    told = parse_told(text for _, text in annotations)
    others = [f"{at:g} s {text}" for at, text in annotations if text in told.others]
    if len(others) > 20:
        unread.append(f"{len(others) - 20} more annotations")
    leads = {standard_name(label) for label in edf.labels}
    facts: dict[str, Any] = {
        "report": told.report,
        "labels": told.labels,
        "derived": frozenset(lead for lead in told.derived if lead in leads),
    }
    filters = sorted({s.prefiltering for s in edf.signals if s.prefiltering})
    details = {"filters": "; ".join(filters), "annotations": "; ".join(others[:20])}
    if not head.plus:
        if edf.local_patient_identification:
            unread.append("the patient field (free text: may hold a name)")
        if edf.local_recording_identification:
            unread.append("the recording field (free text)")
        return facts | {"details": filled(details)}, unread
    patient = edf.patient
    born, day = _date(lambda: patient.birthdate), _date(lambda: edf.recording.startdate)
    details["device"] = edf.recording.equipment_code.removeprefix("X").replace("_", " ")
    details["recorded"] = f"{day} {_date(lambda: edf.starttime) or ''}" if day else ""
    if patient.name not in ("X", ""):
        unread.append("the name")
    code = patient.code.replace("_", " ")
    person = {
        "patient": None if code in ("X", "") else code,
        "sex": parse_sex(patient.sex),
        "age": years_between(born, day),
        "details": filled(details),
    }
    return facts | person, unread


def _date(of: Any) -> Any:
    try:
        return of()
    except ValueError:  # anonymised, or no date
        return None


def _annotations(edf: Any, unread: list[str]) -> list[tuple[float, str]]:
    """Return onset and text of the annotations."""
    try:
        return [(float(one.onset), str(one.text)) for one in edf.annotations if one.text]
    except ValueError:
        unread.append("the annotations (damaged)")
        return []
