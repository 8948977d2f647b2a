"""The P wave of each lead of a median beat."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import FS

_LEAST_NEGATIVE_MV = 0.01

Floats = NDArray[np.float32]


def p_waves(part: Floats) -> dict[str, Floats]:
    """Measure P (L, n), from its onset to its end, above the line between them."""
    high, low = part.max(axis=1), part.min(axis=1)
    upright = high >= -low
    larger, other = np.where(upright, high, low), np.where(upright, low, high)
    shape = np.where(upright, 1, -1)[:, None] * part
    left = np.maximum.accumulate(shape, axis=1)
    right = np.maximum.accumulate(shape[:, ::-1], axis=1)[:, ::-1]
    notch = (np.minimum(left, right) - shape).max(axis=1)
    height = np.abs(larger)
    return {
        "p": larger,
        "p_opposite": np.where(upright, np.minimum(other, 0), np.maximum(other, 0)),
        "p_notch": np.asarray(notch / np.maximum(height, 0.02), np.float32),
        "p_area": part.sum(axis=1) * np.float32(1000 / FS),
    }


def terminal_force(v1: Floats) -> float:
    """Return depth times duration (mV ms) of what is negative in the last two thirds of P in V1."""
    late = v1[len(v1) // 3 :]
    negative = late < -_LEAST_NEGATIVE_MV
    return float(-late.min() * negative.sum() * 1000 / FS) if negative.any() else 0.0
