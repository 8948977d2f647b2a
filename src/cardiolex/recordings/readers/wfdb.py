"""WFDB records (PhysioNet): header plus signal files, one segment or many."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.comments import parse_comments
from cardiolex.recordings.readers.errors import ReadError, inside_folder
from cardiolex.recordings.readers.wfdb_header import Header, parse_header
from cardiolex.recordings.readers.wfdb_repairs import repair_gain, repair_stretched
from cardiolex.recordings.readers.wfdb_segments import read_segments
from cardiolex.recordings.readers.wfdb_signals import read_signals
from cardiolex.recordings.recording import Recording


def read_wfdb(path: Path, keep_truncated: bool = False) -> Recording:
    """Read the record whose header is `path`.

    Age, sex and diagnoses are taken from the comments of the CinC challenges, LUDB and PTB.
    Signals without a stated gain are read as 200 counts per mV with `unit_known` False.
    """
    header = parse_header(path)
    if header.segments:
        header, values, notes = read_segments(header, keep_truncated)
    else:
        header, values, notes = read_segment(header, keep_truncated)
    person = parse_comments(header.comments)
    calibrated = all(s.gain is not None for s in header.signals if standard_name(s.name))
    if not calibrated:
        notes = [*notes, "the header states no gain; 200 counts per mV assumed, unit unknown"]
    return Recording.from_channels(
        values,
        [s.name for s in header.signals],
        header.fs,
        unit=[s.unit for s in header.signals],
        id=header.record,
        age=person.age,
        sex=person.sex,
        labels=person.labels,
        report=person.report,
        derived=frozenset(person.derived) & {standard_name(s.name) or "" for s in header.signals},
        unit_known=calibrated,
        notes=(*header.notes, *notes, *person.notes),
    )


def read_segment(
    header: Header, keep_truncated: bool
) -> tuple[Header, NDArray[np.float64], list[str]]:
    """Read one segment: the header with its repairs, (C, T) values, and notes."""
    header, notes = without_absent_files(header)
    header, repaired = repair_gain(header)
    values, short = read_signals(header, keep_truncated)
    if short:
        repaired.append(f"the signal file is cut off: {short} samples at the end are missing")
    values, unstretched = repair_stretched(header, values)
    return header, values, notes + repaired + unstretched


def without_absent_files(header: Header) -> tuple[Header, list[str]]:
    """Drop channels whose file is not there, if none of them is a standard lead."""
    folder = header.path.parent
    absent = {
        s.file for s in header.signals if not inside_folder(folder, s.file, header.path).exists()
    }
    lost = [s for s in header.signals if s.file in absent]
    if not lost:
        return header, []
    if len(lost) == len(header.signals) or any(standard_name(s.name) for s in lost):
        names = ", ".join(sorted(absent))
        raise ReadError(
            header.path, f"names {names}, which is not there", "put it beside the header"
        )
    kept = tuple(s for s in header.signals if s.file not in absent)
    channels = ", ".join(s.name for s in lost)
    note = f"{', '.join(sorted(absent))} is not there: channels {channels} were left out"
    return replace(header, signals=kept), [note]
