"""Where QRS, T and P begin and end in a median beat, from all its leads together."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import FS
from cardiolex.recordings.measurements.median import AFTER, BEFORE

_QRS_SHARE = 0.11  # of the steepest slope, with three leads or more
_STEEP_SHARE = 0.22  # what is steeper belongs to QRS
_LONGEST_STEEP_S = 0.16  # after QRS onset
_QUIET = 3  # samples
_T_SHARE = 0.07
_P_SHARE = 0.18
_P_QUIET = (5, 7)  # samples before and after; longer than between the parts of a notched P
_LEAST_P_MV = 0.01

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """Samples of a median beat, fractions allowed; NaN where there is no such wave."""

    qrs_on: float
    qrs_off: float
    t_peak: float
    t_end: float
    p_from: float  # where P was sought
    p_on: float = nan
    p_peak: float = nan
    p_off: float = nan


def qrs_limits(beat: Floats) -> tuple[float, float]:
    """Return onset and end of QRS in `beat` (L, N), R peak at `BEFORE`.

    They are where the slope has fallen to 11 % of its maximum above what is usual outside the QRS
    complex, for 12 ms before and 20 ms after it (7.5 % in one lead, 9.5 % in two, where much of
    QRS is slow). The slope is the root mean square over leads, each over its own steepest, so that
    the slow end of a right bundle branch block in V1 is not lost beside the tall R waves of others.
    """
    first, last = BEFORE - round(0.10 * FS), BEFORE + round(0.10 * FS)
    slope = np.abs(np.diff(beat, axis=1))
    steepest = slope[:, first:last].max(axis=1, keepdims=True)
    steepest = np.maximum(steepest, 0.1 * float(steepest.max()))
    speed = np.sqrt(((slope / np.maximum(steepest, 1e-9)) ** 2).mean(axis=0))
    speed = np.convolve(speed, np.array([0.25, 0.5, 0.25]), "same")
    peak = first + int(speed[first:last].argmax())
    floor = float(np.partition(speed, speed.size // 5)[speed.size // 5])
    share = min(_QRS_SHARE, 0.055 + 0.02 * len(beat))
    limit = floor + share * max(float(speed[peak]) - floor, 0.0)
    on = _crossing(speed[peak::-1], limit, round(0.16 * FS))
    possible = speed[peak : max(peak + 1, round(peak - on + _LONGEST_STEEP_S * FS))]
    late = peak + int(np.flatnonzero(possible >= _STEEP_SHARE * speed[peak])[-1])
    off = _crossing(speed[late:], limit, round(0.20 * FS), quiet=5)
    return peak - on + 0.5, late + off + 0.5


def _crossing(
    falling: NDArray[np.floating], limit: float, longest: int, quiet: int = _QUIET
) -> float:
    """Return where `falling` first stays below `limit` for `quiet` samples, interpolated."""
    below = falling[: longest + quiet] < limit
    below = np.concatenate([below, np.ones(quiet - 1, np.bool_)])
    found = np.flatnonzero(np.convolve(below, np.ones(quiet), "valid") >= quiet)
    if not found.size:
        return float(longest)
    at = int(found[0])
    if at == 0:
        return 0.0
    high, low = float(falling[at - 1]), float(falling[at])
    return at - (limit - low) / max(high - low, 1e-12)


def t_limits(beat: Floats, qrs_off: float, qrs_on: float, rr: float) -> tuple[float, float]:
    """Return peak and end of T in `beat` (L, N) with intervals of `rr` samples; NaN if flat.

    The size is the root mean square over leads; T ends where it, above its lowest value before
    the next P wave could come, has fallen to 7 % of the peak.
    """
    size = np.convolve(np.sqrt((beat**2).mean(axis=0)), np.full(5, 0.2), "same")
    start = round(qrs_off + 0.04 * FS)
    root = sqrt(rr / FS) * FS
    stop = round(min(qrs_on + 0.60 * root, qrs_on + rr - 0.10 * FS, BEFORE + AFTER - 3))
    latest = round(min(qrs_on + 0.50 * root, stop - 2))
    if latest - start < 6:
        return nan, nan
    peak = start + int(size[start:latest].argmax())
    tail = size[peak:stop]
    low = float(tail.min())
    if size[peak] < 0.015 or size[peak] - low < 0.008:
        return nan, nan
    limit = low + _T_SHARE * (float(size[peak]) - low)
    below = np.flatnonzero(tail < limit)
    return float(peak), float(peak + below[0]) if below.size else nan


def p_window(qrs_on: float, t_end: float, rr: float) -> tuple[int, int]:
    """Return first and last sample in which P is sought: after the previous T, before QRS."""
    previous = t_end - rr if np.isfinite(t_end) else qrs_on - 0.62 * rr
    first = max(previous + 0.01 * FS, qrs_on - 0.36 * FS, qrs_on - 0.62 * rr, 2)
    return round(first), round(qrs_on - 0.008 * FS)


def find_p(beat: Floats, first: int, last: int) -> tuple[float, float, float]:
    """Return onset, peak and end of P in `beat` (L, N) between two samples; NaN if there is none.

    The peak is where the signal stands out most from its surroundings 60 ms away. Onset and end
    are where the slope (root mean square over leads), followed outwards from the steepest places
    on both sides, has fallen to 18 % of its maximum for 20 ms before and 28 ms after.
    """
    reach = round(0.06 * FS)
    if last - first < round(0.08 * FS):
        return nan, nan, nan
    part = np.pad(beat[:, first:last], ((0, 0), (reach, reach)), "edge")
    bump = part[:, reach:-reach] - 0.5 * (part[:, : -2 * reach] + part[:, 2 * reach :])
    size = np.convolve(np.sqrt((bump**2).mean(axis=0)), np.full(3, 1 / 3), "same")
    peak = int(size.argmax())
    if size[peak] < _LEAST_P_MV or not 3 < peak < size.size - 3:
        return nan, nan, nan
    wide = beat[:, first - 2 : last + 2]
    smooth = (wide[:, :-4] + wide[:, 1:-3] + wide[:, 2:-2] + wide[:, 3:-1]) / 4
    speed = np.sqrt((np.diff(smooth, axis=1) ** 2).mean(axis=0))
    on = _outwards(speed[:peak][::-1], _P_QUIET[0])
    off = _outwards(speed[peak:], _P_QUIET[1])
    return first + peak - on, float(first + peak), first + peak + off


def _outwards(speed: NDArray[np.floating], quiet: int) -> float:
    """Return how far from a P peak its slope, having been steep, has ended."""
    near = speed[: round(0.06 * FS)]
    if not near.size:
        return 0.0
    steep = int(near.argmax())
    floor = float(np.percentile(speed, 15))
    limit = floor + _P_SHARE * (float(near[steep]) - floor)
    return steep + _crossing(speed[steep:], limit, speed.size - steep, quiet)


def above_ends(part: Floats) -> Floats:
    """Return (L, n) above the line between its first and its last samples."""
    ends = part[:, :2].mean(axis=1, keepdims=True), part[:, -2:].mean(axis=1, keepdims=True)
    ramp = np.linspace(0, 1, part.shape[1], dtype=np.float32)
    return np.asarray(part - ends[0] * (1 - ramp) - ends[1] * ramp, np.float32)
