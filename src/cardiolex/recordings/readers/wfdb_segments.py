"""Multi-segment WFDB records, of fixed and of variable layout."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.errors import ReadError, bounded_shape, inside_folder
from cardiolex.recordings.readers.wfdb_header import Header, Signal, parse_header
from cardiolex.recordings.readers.wfdb_signals import read_signals


def read_segments(
    header: Header, keep_truncated: bool
) -> tuple[Header, NDArray[np.float64], list[str]]:
    """Join the segments by signal name: a header with all signals, (C, T) values, notes.

    A first segment of 0 samples is the layout; "~" is a gap. Where a segment lacks a signal, or
    in a gap, the samples are NaN.
    """
    parts = [(name, _segment_header(header, name), length) for name, length in header.segments]
    total = sum(length for _, _, length in parts)
    if header.samples is not None and header.samples != total:
        raise ReadError(
            header.path, f"states {header.samples} samples, but its segments sum to {total}"
        )
    signals = _all_signals([part for _, part, _ in parts if part is not None])
    bounded_shape(header.path, len(signals), total)
    values = np.full((len(signals), total), np.nan)
    rows = {name: row for row, name in enumerate(signals)}
    start = 0
    for _, part, length in parts:
        if part is not None and length:
            _require_fit(header, part, length, signals)
            read, _ = read_signals(replace(part, samples=length), keep_truncated)
            stop = start + read.shape[1]
            values[[rows[s.name] for s in part.signals], start:stop] = read
        start += length
    gaps = sum(part is None for _, part, _ in parts)
    notes = [f"{gaps} gaps between segments are missing samples"] if gaps else []
    comments = next((p.comments for _, p, _ in parts if p is not None and p.comments), ())
    joined = replace(header, signals=tuple(signals.values()), comments=header.comments or comments)
    return joined, values, notes


def _segment_header(header: Header, name: str) -> Header | None:
    if name == "~":
        return None
    path = inside_folder(header.path.parent, f"{name}.hea", header.path)
    if not path.exists():
        raise ReadError(header.path, f"names the segment {name!r}, but {path.name} is not there")
    part = parse_header(path)
    if part.segments:
        raise ReadError(path, f"is itself divided, yet a segment of {header.path.name}")
    return part


def _all_signals(parts: list[Header]) -> dict[str, Signal]:
    """Return name -> signal in order of appearance; the file "~" of a layout has no samples."""
    signals: dict[str, Signal] = {}
    for part in parts:
        names = [s.name for s in part.signals]
        if len(set(names)) < len(names):
            raise ReadError(part.path, f"two signals of a segment share a name: {names}")
        for signal in part.signals:
            if signal.name not in signals or signals[signal.name].file == "~":
                signals[signal.name] = signal
    return signals


def _require_fit(header: Header, part: Header, length: int, signals: dict[str, Signal]) -> None:
    if part.fs != header.fs:
        raise ReadError(part.path, f"has {part.fs:g} Hz in a record of {header.fs:g} Hz")
    if part.samples is not None and part.samples != length:
        raise ReadError(
            part.path, f"states {part.samples} samples, but {header.path.name} {length}"
        )
    for signal in part.signals:
        if signal.unit != signals[signal.name].unit:
            raise ReadError(part.path, f"signal {signal.name!r} changes its unit between segments")
