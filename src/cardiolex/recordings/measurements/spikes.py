"""Pacing spikes: found by their brevity, and cut out before anything is filtered."""

import numpy as np
from numpy.typing import NDArray

_HALF_WIDTH_S = 0.006  # a spike and its recovery
_LEAST_MV = 0.25  # of the second difference, in the lead where it is largest
_OVER_USUAL = 12.0  # times the usual second difference
_SHARE_OF_QRS = 1.5  # over the steepest tenth of a per cent elsewhere
_MOST_PER_S = 6.0


def without_spikes(
    mv: NDArray[np.float32], fs: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Bridge spikes of finite (L, T) by straight lines; return the signal and spike times in s.

    A spike leaves and returns within 12 ms, which no QRS complex does: the signal there stands out
    from the mean of its two surroundings. Below 200 Hz no spike can be told, and none is sought.
    """
    width = round(_HALF_WIDTH_S * fs)
    none = np.empty(0, np.float64)
    if width < 1 or fs < 200 or mv.shape[1] < 20 * width:
        return mv, none
    outer = mv[:, 2 * width :] + mv[:, : -2 * width]
    bulge = np.abs(mv[:, width:-width] - 0.5 * outer)
    straight = np.abs(mv[:, 2 * width :] - mv[:, : -2 * width])
    size = (bulge - 0.5 * straight).max(axis=0)
    at = _peaks(size, width, fs)
    if not at.size:
        return mv, none
    return _bridged(mv, at + width, width), (at + width) / fs


def _peaks(size: NDArray[np.float32], width: int, fs: float) -> NDArray[np.intp]:
    """Return where `size` has separate high peaks; nothing if there are too many of them."""
    high = np.flatnonzero(size > max(_LEAST_MV, _OVER_USUAL * float(np.median(size[::4]))))
    if not high.size:
        return high
    groups = np.split(high, np.flatnonzero(np.diff(high) > 2 * width) + 1)
    narrow = [g for g in groups if g[-1] - g[0] <= 3 * width]
    if len(groups) > _MOST_PER_S * size.size / fs or not narrow:
        return high[:0]
    return np.array([g[0] + int(size[g[0] : g[-1] + 1].argmax()) for g in narrow], np.intp)


def _bridged(mv: NDArray[np.float32], at: NDArray[np.intp], width: int) -> NDArray[np.float32]:
    bridged = mv.copy()
    reach = width + 1
    for middle in at.tolist():
        a, b = max(middle - reach, 0), min(middle + reach, mv.shape[1] - 1)
        bridged[:, a : b + 1] = np.linspace(mv[:, a], mv[:, b], b - a + 1, axis=1)
    return bridged
