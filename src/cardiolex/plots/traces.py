"""Traces as they go onto the paper: stretch shown, gain chosen, cut where they leave their row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.plots.layouts import Cell, Layout
from cardiolex.recordings.recording import Recording

REACH_MM = 30.0  # a trace may go this far above or below its base line
_SPIKE_SHARE = 0.001  # samples rarer than this (pacing spikes, artefacts) do not change the gain


@dataclass(frozen=True)
class Stretch:
    """The seconds shown: mV per lead with each lead's median taken off, and where they begin."""

    mv: Mapping[str, NDArray[np.float64]]
    fs: float
    start_s: float
    seconds: float
    offsets_mv: Mapping[str, float]


def stretch(recording: Recording, start_s: float, seconds: float) -> Stretch:
    """The samples of `recording` from `start_s` on, at most `seconds` long.

    A base line far from 0 mV (electrode offset) would push a trace off its row: the median of the
    stretch is drawn on the base line, as an AC-coupled electrocardiograph would.
    """
    if recording.mv.ndim != 2 or 0 in recording.mv.shape:
        raise CardiolexError(f"recording {recording.id!r} has no samples to draw")
    duration = recording.mv.shape[1] / recording.fs
    if not 0.0 <= start_s < duration:
        raise CardiolexError(
            f"start_s = {start_s:g} lies outside recording {recording.id!r}, which has 0 to "
            f"{duration:g} s"
        )
    if not seconds > 0:
        raise CardiolexError(f"seconds = {seconds:g}: give a positive number of seconds to show")
    first = round(start_s * recording.fs)
    last = min(recording.mv.shape[1], first + max(round(seconds * recording.fs), 2))
    pieces, offsets = {}, {}
    for lead, row in zip(recording.leads, recording.mv, strict=True):
        piece = row[first:last].astype(np.float64)
        piece[~np.isfinite(piece)] = np.nan
        offsets[lead] = float(np.nanmedian(piece)) if np.isfinite(piece).any() else 0.0
        pieces[lead] = piece - offsets[lead]
    shown = (last - first) / recording.fs
    return Stretch(pieces, recording.fs, start_s, shown, offsets)


def chosen_gain(shown: Stretch, gain_mm_mv: float, auto: bool) -> float:
    """`gain_mm_mv`, or half of it when `auto` is set and that brings a lead within `REACH_MM`.

    Leads that half the gain could not hold either are artefact, and decide nothing.
    """
    if not gain_mm_mv > 0:
        raise CardiolexError(f"gain_mm_mv = {gain_mm_mv:g}: give millimetres per millivolt, > 0")
    reaches = [_reach_mv(mv) * gain_mm_mv for mv in shown.mv.values()]
    helps = any(REACH_MM < reach <= 2 * REACH_MM for reach in reaches)
    return gain_mm_mv / 2 if auto and helps else gain_mm_mv


def _reach_mv(mv: NDArray[np.float64]) -> float:
    if not np.isfinite(mv).any():
        return 0.0
    low, high = np.nanquantile(mv, [_SPIKE_SHARE, 1.0 - _SPIKE_SHARE])
    return float(max(-low, high))


def piece_of(cell: Cell, shown: Stretch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times on the page (s) and mV of one cell; empty if its lead was not recorded."""
    mv = shown.mv.get(cell.lead)
    if mv is None:
        return np.empty(0), np.empty(0)
    first = math.ceil(cell.start_s * shown.fs - 1e-6)
    last = min(len(mv), math.floor((cell.start_s + cell.seconds) * shown.fs + 1e-6) + 1)
    times = np.arange(first, last) / shown.fs - cell.start_s + cell.offset_s
    return times, mv[first:last]


def row_extents(
    layout: Layout, shown: Stretch, gain: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each row reaches above and below its base line, in mm, at most `REACH_MM`."""
    above, below = np.zeros(layout.rows), np.zeros(layout.rows)
    for cell in layout.cells:
        mv = piece_of(cell, shown)[1]
        if np.isfinite(mv).any():
            above[cell.row] = max(above[cell.row], np.nanmax(mv) * gain)
            below[cell.row] = max(below[cell.row], -np.nanmin(mv) * gain)
    return np.minimum(above, REACH_MM), np.minimum(below, REACH_MM)


def base_lines(
    above: NDArray[np.float64], below: NDArray[np.float64], row_mm: float
) -> tuple[NDArray[np.float64], float]:
    """Base lines in mm from the lower edge of the paper, top row first, and the paper's height.

    All lie on bold lines; neighbours are at least `row_mm` apart and farther where traces would
    overlap, so that no complex runs into the next row.
    """
    edge_mm = max(row_mm / 2, 12.5)
    depths = [_up5(max(edge_mm, above[0] + 5.0))]
    for row in range(1, len(above)):
        depths.append(depths[-1] + _up5(max(row_mm, below[row - 1] + above[row] + 3.0)))
    height = depths[-1] + _up5(max(edge_mm, below[-1] + 2.0))
    return height - np.array(depths), height


def _up5(mm: float) -> float:
    return 5.0 * math.ceil(mm / 5.0 - 1e-9)


def is_cut(layout: Layout, shown: Stretch, gain: float) -> bool:
    """Whether any drawn piece leaves +-`REACH_MM`."""
    pieces = [piece_of(cell, shown)[1] for cell in layout.cells]
    return any(bool((np.abs(mv) * gain > REACH_MM).any()) for mv in pieces)


def cut(
    mm: NDArray[np.float64], reach: float = REACH_MM
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Blank what leaves +-`reach`; also where to mark each excursion above and below (indices)."""
    high, low = mm > reach, mm < -reach
    kept = np.where(high | low, np.nan, mm)
    return kept, _first_of_runs(high), _first_of_runs(low)


def _first_of_runs(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.flatnonzero(flags & ~np.concatenate([[False], flags[:-1]]))
