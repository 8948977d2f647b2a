"""Leads and rhythm of an SCP-ECG record (EN 1064, sections 3 to 6)."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.scp_huffman import Tables, decode
from cardiolex.recordings.readers.scp_sections import Sections

MOST_SECONDS = 3600.0
Row = NDArray[np.float64]


@dataclass(frozen=True)
class Leads:
    """Code and first and last sample (from 1) of each lead; `subtracted` = reference beats are."""

    codes: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    subtracted: bool


@dataclass(frozen=True)
class Rhythm:
    """Rows in mV, one a lead."""

    values_mv: list[Row]
    fs: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Coded:
    """A coded section (5 or 6): what a count is, and the decoded counts of each lead."""

    millivolts: float
    interval_us: int
    bimodal: bool
    rows: list[NDArray[np.int64]]


@dataclass(frozen=True)
class _Beats:
    """Section 4: where reference beats were subtracted, and the protected areas (from 1)."""

    reference_ms: int
    reference_fiducial: int
    zones: list[tuple[int, int, int, int]]  # type, first, fiducial, last
    protected: list[tuple[int, int]]


def read_leads(path: Path, section: bytes) -> Leads:
    """Read section 3."""
    if len(section) < 2 or not section[0] or len(section) < 2 + 9 * section[0]:
        raise ReadError(path, "section 3 defines no lead or is cut off", "it is damaged")
    entries = [struct.unpack_from("<IIB", section, 2 + 9 * n) for n in range(section[0])]
    for first, last, _ in entries:
        if not 1 <= first <= last or last > 1 << 24:
            raise ReadError(path, f"section 3 has a lead from sample {first} to {last}")
    return Leads(
        tuple(code for _, _, code in entries),
        tuple((first, last) for first, last, _ in entries),
        bool(section[1] & 1),
    )


def rhythm(path: Path, sections: Sections, leads: Leads, tables: Tables | None) -> Rhythm:
    """Decode section 6, with the reference beats of section 5 added back where they were taken."""
    most = max(last for _, last in leads.spans)
    coded = _coded(path, sections.need(6), 6, leads, tables, most)
    beats = _beats(path, sections.get(4)) if leads.subtracted or coded.bimodal else None
    reference = None
    if beats is not None and sections.get(5):
        length = beats.reference_ms * 1000
        reference = _coded(path, sections.get(5), 5, leads, tables, 1 << 16)
        kept = length // reference.interval_us
        short = [row[:kept] for row in reference.rows]
        reference = _Coded(reference.millivolts, reference.interval_us, False, short)
    factor = _factor(path, coded, reference)
    fs = 1e6 * factor / coded.interval_us
    if most > MOST_SECONDS * fs:
        raise ReadError(path, f"states {most / fs:.0f} s", "an hour can be read")
    bounded_shape(path, len(leads.codes), most)
    rows = []
    for n, (first, last) in enumerate(leads.spans):
        counts: Row = coded.rows[n].astype(np.float64)
        if factor > 1 and beats is not None:
            counts = expand(counts, last - first + 1, factor, beats.protected)
        if counts.size < last - first + 1:
            raise ReadError(
                path,
                f"lead {n + 1} ends after {counts.size} of {last - first + 1} samples",
                "it is damaged",
            )
        row: Row = counts[: last - first + 1] * coded.millivolts
        if leads.subtracted and beats is not None:
            if reference is None:
                raise ReadError(path, "had reference beats subtracted, but has no section 5")
            beat = reference.rows[n].astype(np.float64) * reference.millivolts
            _add_beats(row, beat, beats)
        rows.append(row)
    return Rhythm(rows, round(fs, 6), _notes(leads, factor))


def _coded(
    path: Path, section: bytes, number: int, leads: Leads, tables: Tables | None, most: int
) -> _Coded:
    count = len(leads.codes)
    if len(section) < 6 + 2 * count:
        raise ReadError(path, f"section {number} is cut off", "it is damaged")
    nanovolts, interval, differences, bimodal = struct.unpack_from("<HHBB", section)
    if not nanovolts or not interval or differences > 2:
        raise ReadError(
            path,
            f"section {number} states {nanovolts} nV a count, {interval} us a sample, "
            f"difference {differences}",
            "it is damaged",
        )
    place, rows = 6 + 2 * count, []
    for n, size in enumerate(struct.unpack_from(f"<{count}H", section, 6)):
        if place + size > len(section):
            raise ReadError(path, f"section {number}: lead {n + 1} is cut off", "it is damaged")
        rows.append(summed(decode(path, section[place : place + size], tables, most), differences))
        place += size
    return _Coded(nanovolts * 1e-6, interval, number == 6 and bimodal == 1, rows)


def summed(values: NDArray[np.int64], differences: int) -> NDArray[np.int64]:
    """Undo first or second differences; the first one or two values are stored as they are."""
    if differences == 0 or values.size < 2:
        return values
    if differences == 1:
        return np.cumsum(values)
    steps = values[1:].copy()
    steps[0] -= values[0]
    steps = np.cumsum(steps)
    return np.concatenate([values[:1], values[0] + np.cumsum(steps)])


def _factor(path: Path, coded: _Coded, reference: _Coded | None) -> int:
    """Return how many samples one decimated value stands for."""
    if not coded.bimodal:
        return 1
    if reference is None:
        raise ReadError(path, "is decimated (bimodal), but section 5 does not give the full rate")
    if coded.interval_us % reference.interval_us or coded.interval_us > 64 * reference.interval_us:
        raise ReadError(
            path, f"is decimated from {reference.interval_us} to {coded.interval_us} us a sample"
        )
    return coded.interval_us // reference.interval_us


def _beats(path: Path, section: bytes) -> _Beats:
    if len(section) < 6:
        raise ReadError(path, "has no section 4, which its compression needs", "it is damaged")
    length, fiducial, count = struct.unpack_from("<HHH", section)
    if len(section) < 6 + 14 * count:
        raise ReadError(path, f"section 4 states {count} beats, but is cut off", "it is damaged")
    zones = [struct.unpack_from("<HIII", section, 6 + 14 * n) for n in range(count)]
    areas = section[6 + 14 * count :]
    protected = [
        struct.unpack_from("<II", areas, 8 * n) for n in range(min(count, len(areas) // 8))
    ]
    return _Beats(length, fiducial, zones, protected)


def expand(values: Row, total: int, factor: int, protected: list[tuple[int, int]]) -> Row:
    """Bring decimated stretches back to the full rate; protected areas (from 1) have it.

    Each stretch starts a new count. A decimated value stands in the middle of the samples it
    was made of; between them the line is straight.
    """
    areas = sorted((max(1, first), min(total, last)) for first, last in protected if last >= first)
    row, at, next_free = np.empty(total), 0, 1
    for first, last in [*areas, (total + 1, total)]:
        if first < next_free:  # overlaps the area before
            first = next_free
        free = first - next_free
        if free > 0:
            groups = -(-free // factor)
            stretch = values[at : at + groups]
            if stretch.size < groups:
                return row[: next_free - 1]
            middle = np.minimum(np.arange(groups) * factor + (factor - 1) / 2, free - 1)
            row[next_free - 1 : first - 1] = np.interp(np.arange(free), middle, stretch)
            at += groups
        whole = max(0, last - first + 1)
        if values.size < at + whole:
            return row[: first - 1]
        row[first - 1 : first - 1 + whole] = values[at : at + whole]
        at += whole
        next_free = max(next_free, first, last + 1)
    return row


def _add_beats(row: Row, reference: Row, beats: _Beats) -> None:
    """Add the reference beat to every zone of type 0, aligned at the fiducials."""
    for kind, first, fiducial, last in beats.zones:
        if kind != 0 or first < 1 or last < first:
            continue
        stop = min(last, row.size)
        places = np.arange(first, stop + 1)
        source = places - fiducial + beats.reference_fiducial
        inside = (source >= 1) & (source <= reference.size)
        row[places[inside] - 1] += reference[source[inside] - 1]


def _notes(leads: Leads, factor: int) -> tuple[str, ...]:
    notes = []
    if leads.subtracted:
        notes.append("reference beats had been subtracted and were added back")
    if factor > 1:
        notes.append(f"decimated by {factor} between QRS complexes; straight lines put in")
    return tuple(notes)
