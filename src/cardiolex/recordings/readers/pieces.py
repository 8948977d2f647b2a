"""Pieces of one recording, brought together on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.units import is_voltage, millivolts_per

MOST_GAP = 16
"""How many times longer than what was recorded the joined time axis may be."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Channels recorded together: `values` (C, T), voltages in mV; `title` says which they are."""

    values: NDArray[np.float64]
    names: tuple[str, ...]
    fs: float
    start_s: float = 0.0
    title: str = "signals"

    @property
    def has_lead(self) -> bool:
        """Whether any channel is a standard lead."""
        return any(standard_name(name) for name in self.names)

    def says(self) -> str:
        """Describe the piece for a list of what was not read."""
        channels, samples = self.values.shape
        return f"{self.title} ({channels} channels, {samples / self.fs:g} s at {self.fs:g} Hz)"


@dataclass(frozen=True, eq=False)
class Joined:
    """One set of channels (C, T) in mV, and what was done to get it."""

    values: NDArray[np.float64]
    names: tuple[str, ...]
    fs: float
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def in_millivolts(
    path: Path, name: str, values: NDArray[np.float64], unit: str
) -> NDArray[np.float64]:
    """Return a channel in mV; a channel that is no lead keeps a unit that is no voltage."""
    if is_voltage(unit):
        return values * millivolts_per(unit)
    if standard_name(name):
        raise ReadError(path, f"lead {name!r} has the unknown unit {unit!r}", "use V, mV, uV or nV")
    return values


def require_rate(path: Path, fs: float, what: str = "") -> float:
    """Return `fs`, or ReadError if it is no rate above 0 Hz."""
    if not 0 < fs < 1e7:
        of = f" of {what}" if what else ""
        raise ReadError(path, f"states a sampling rate{of} of {fs:g} Hz", "the file is damaged")
    return fs


def join_pieces(path: Path, pieces: Sequence[Piece]) -> Joined:
    """Join what belongs to the longest piece with a standard lead; the rest is told as not read.

    A piece of the same rate belongs to it unless it holds a channel at a time that is there
    already (median beats repeat the leads of the rhythm). Where a channel was not recorded it is
    NaN.
    """
    with_leads = [piece for piece in pieces if piece.has_lead]
    if not with_leads:
        names = ", ".join(repr(name) for piece in pieces for name in piece.names) or "none"
        raise ReadError(path, f"no channel is a standard ECG lead: {names}")
    main = max(with_leads, key=lambda piece: piece.values.shape[1])
    taken = [main]
    unread = []
    for piece in pieces:
        if piece is main:
            continue
        if piece.fs == main.fs and not any(_collide(piece, other) for other in taken):
            taken.append(piece)
        else:
            unread.append(piece.says())
    if len(taken) == 1:
        return Joined(main.values, main.names, main.fs, (), tuple(unread))
    values, all_names = _on_one_axis(path, taken)
    notes = (f"{len(taken)} pieces brought onto one time axis; what was not recorded is missing",)
    return Joined(values, all_names, main.fs, notes, tuple(unread))


def _first(piece: Piece) -> int:
    return round(piece.start_s * piece.fs)


def _collide(one: Piece, other: Piece) -> bool:
    """Whether both hold the same lead (or other channel) at the same time."""
    begin, end = _first(one), _first(one) + one.values.shape[1]
    apart = begin >= _first(other) + other.values.shape[1] or end <= _first(other)
    return not apart and bool(_keys(one) & _keys(other))


def _keys(piece: Piece) -> set[str]:
    return {standard_name(name) or name for name in piece.names}


def _on_one_axis(
    path: Path, pieces: Sequence[Piece]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    start = min(map(_first, pieces))
    total = max(_first(piece) + piece.values.shape[1] for piece in pieces) - start
    if total > MOST_GAP * sum(piece.values.shape[1] for piece in pieces):
        raise ReadError(path, "states gaps far longer than what was recorded", "it is damaged")
    rows: dict[str, int] = {}
    names: list[str] = []
    for piece in pieces:
        for name in piece.names:
            if (standard_name(name) or name) not in rows:
                rows[standard_name(name) or name] = len(rows)
                names.append(name)
    bounded_shape(path, len(rows), total)
    values = np.full((len(rows), total), np.nan)
    for piece in pieces:
        first = _first(piece) - start
        for name, row in zip(piece.names, piece.values, strict=True):
            values[rows[standard_name(name) or name], first : first + row.size] = row
    return values, tuple(names)
