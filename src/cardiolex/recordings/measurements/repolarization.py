"""ST segment and T wave of each lead of a median beat."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import FS
from cardiolex.recordings.measurements.limits import Limits

Floats = NDArray[np.float32]


def _level(beat: Floats, sample: float) -> Floats:
    """Return the mean (L,) of the three samples about a place, within the beat."""
    middle = int(np.clip(round(sample), 1, beat.shape[1] - 2))
    return np.asarray(beat[:, middle - 1 : middle + 2].mean(axis=1), np.float32)


def st_segment(beat: Floats, qrs_off: float) -> dict[str, Floats]:
    """Return J level, ST level at J + 60 ms (mV), slope from J + 20 to J + 80 ms (mV/s)."""
    early, late = (_level(beat, qrs_off + s * FS) for s in (0.02, 0.08))
    return {
        "j": _level(beat, qrs_off),
        "st": _level(beat, qrs_off + 0.06 * FS),
        "st_slope": np.asarray((late - early) / 0.06, np.float32),
    }


def t_wave(beat: Floats, limits: Limits) -> dict[str, Floats]:
    """Return the signed extremes of T, its symmetry and its area; nothing if T was not found."""
    if not np.isfinite(limits.t_peak):
        return {}
    start = round(limits.qrs_off + 0.05 * FS)
    stop = limits.t_end if np.isfinite(limits.t_end) else limits.t_peak + 0.1 * FS
    part = beat[:, start : round(stop) + 1]
    if part.shape[1] < 6:
        return {}
    high, low = part.max(axis=1), part.min(axis=1)
    upright = high >= -low
    larger, other = np.where(upright, high, low), np.where(upright, low, high)
    shape = np.where(upright, 1, -1)[:, None] * part
    peak = shape.argmax(axis=1)
    half = shape > 0.5 * shape.max(axis=1, keepdims=True)
    before = (half & (np.arange(part.shape[1]) < peak[:, None])).sum(axis=1)
    return {
        "t": larger,
        "t_opposite": np.where(upright, np.minimum(other, 0), np.maximum(other, 0)),
        "t_symmetry": np.asarray(before / np.maximum(half.sum(axis=1) - 1, 1), np.float32),
        "t_area": part.sum(axis=1) * np.float32(1000 / FS),
    }
