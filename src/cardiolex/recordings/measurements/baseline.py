"""The zero line through the points just before each QRS complex."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import FS

_AVERAGED = round(0.016 * FS)

Floats = NDArray[np.float32]


def above_pq(mv: Floats, beats: NDArray[np.intp], qrs_on: float) -> Floats:
    """Return (L, T) minus straight lines through its level just before each QRS complex.

    `qrs_on` is in samples after the R peak (negative). Before the first point and after the last
    the line is level.
    """
    at = np.round(beats + qrs_on - 1).astype(np.intp)
    at = at[(at >= _AVERAGED) & (at < mv.shape[1])]
    if not at.size:
        return mv
    level = mv[:, at[:, None] - np.arange(_AVERAGED)].mean(axis=2)
    time = np.arange(mv.shape[1])
    middle = at - (_AVERAGED - 1) / 2
    line = np.stack([np.interp(time, middle, row) for row in level])
    return np.asarray(mv - line, np.float32)
