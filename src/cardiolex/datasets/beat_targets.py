"""What each heartbeat of a simulated recording is, laid on the grid of the encoder's segments.

M segments of equal length; K = len(BINARY) + len(CONTINUOUS) columns. A segment in which a QRS
begins carries what is true of that beat; other segments say only that there is none.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation import Beats

BINARY = ("qrs", "p wave", "ventricular", "atrial premature", "paced")
"""1 or 0; the last three NaN where no QRS begins."""
CONTINUOUS = ("qrs place", "p place", "rr before", "rr after", "pr", "qrs duration", "qt")
"""NaN where there is none: places as a share of the segment, intervals scaled to about 1."""
_VENTRICULAR = ("pvc", "vt", "fusion", "ventricular")
_SCALE_S = {"pr": 0.16, "qrs duration": 0.1, "qt": 0.4}
_COLUMN = {name: i for i, name in enumerate((*BINARY, *CONTINUOUS))}


def beat_targets(beats: Beats, segment_s: float, segments: int) -> NDArray[np.float32]:
    """(M, K) of a recording that begins at the first segment."""
    table = np.full((segments, len(_COLUMN)), np.nan, np.float32)
    table[:, [_COLUMN["qrs"], _COLUMN["p wave"]]] = 0.0
    _place(table, beats.p_wave_s, segment_s, "p wave", "p place")
    rr = np.diff(beats.qrs_on_s)
    before, after = np.append(np.nan, rr), np.append(rr, np.nan)
    values: dict[str, NDArray[np.float64]] = {
        "ventricular": _is(beats, lambda kind: kind.startswith(_VENTRICULAR)),
        "atrial premature": _is(beats, lambda kind: kind.startswith("pac")),
        "paced": _is(beats, lambda kind: "pace" in kind),
        "rr before": _log_of_rr(before),
        "rr after": _log_of_rr(after),
        "pr": (beats.qrs_on_s - beats.p_on_s) / _SCALE_S["pr"],
        "qrs duration": (beats.qrs_off_s - beats.qrs_on_s) / _SCALE_S["qrs duration"],
        "qt": (beats.t_off_s - beats.qrs_on_s) / _SCALE_S["qt"],
    }
    rows, kept = _place(table, beats.qrs_on_s, segment_s, "qrs", "qrs place")
    for name, value in values.items():
        table[rows, _COLUMN[name]] = value[kept]
    return table


def _place(
    table: NDArray[np.float32], times_s: NDArray[np.float64], segment_s: float, is_: str, at: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Mark the segments in which `times_s` lie; returns them and which times they hold.

    Of two times in one segment the first counts.
    """
    inside = np.isfinite(times_s) & (times_s >= 0) & (times_s < len(table) * segment_s)
    kept = np.flatnonzero(inside)
    rows = (times_s[kept] / segment_s).astype(np.intp)
    rows, first = np.unique(rows, return_index=True)
    kept = kept[first]
    table[rows, _COLUMN[is_]] = 1.0
    table[rows, _COLUMN[at]] = times_s[kept] / segment_s - rows
    return rows, kept


def _is(beats: Beats, holds: Callable[[str], bool]) -> NDArray[np.float64]:
    return np.array([float(holds(kind)) for kind in beats.kind])


def _log_of_rr(rr_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Doublings of 0.8 s: relative differences count, as they do for the eye."""
    return np.asarray(np.log2(np.clip(rr_s, 0.2, 5.0) / 0.8))
