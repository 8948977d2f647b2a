"""R peaks from the QRS band of conditioned leads."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.beats import pick_beats
from cardiolex.recordings.measurements.conditioned import FS, Conditioned

_INTEGRATION_S = 0.10
_REACH_S = 0.08
_SHORTEST_S = 0.5


def r_waves(signal: Conditioned) -> NDArray[np.intp]:
    """Return the sample of the largest deflection of each beat; see `beats.find_beats`."""
    if signal.mv.shape[1] < _SHORTEST_S * FS:
        return np.empty(0, np.intp)
    slope = np.abs(np.diff(signal.qrs, axis=1))
    rank = int(0.98 * (slope.shape[1] - 1))
    strong = np.partition(slope, rank, axis=1)[:, rank : rank + 1]
    scaled = np.minimum(slope / np.maximum(strong, 1e-12), 3.0)
    width = round(_INTEGRATION_S * FS)
    energy = np.convolve((scaled**2).mean(axis=0), np.full(width, 1 / width), "same")
    return _largest(signal.mv, pick_beats(energy.astype(np.float64), FS))


def _largest(mv: NDArray[np.float32], peaks: NDArray[np.intp]) -> NDArray[np.intp]:
    reach = round(_REACH_S * FS)
    size = np.abs(mv).sum(axis=0)
    window = peaks[:, None] + np.arange(-reach, reach + 1)
    inside = (window >= 0) & (window < size.size)
    found = np.where(inside, size[np.clip(window, 0, size.size - 1)], -1.0).argmax(axis=1)
    return np.unique(peaks + found - reach)
