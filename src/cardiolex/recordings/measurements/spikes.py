"""Pacing spikes: found by their brevity, and cut out before anything is filtered."""

import numpy as np
from numpy.typing import NDArray

_HALF_WIDTH_S = 0.006  # a spike and its recovery
_LEAST_MV = 0.25  # of the second difference, in the lead where it is largest
_OVER_USUAL = 12.0  # times the usual second difference
_NARROW = 0.75  # of the bulge over twice the distance: an R peak has about half, a spike all
_MOST_PER_S = 6.0


def without_spikes(
    mv: NDArray[np.float32], fs: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Bridge spikes of finite (L, T) by straight lines; return the signal and spike times in s.

    A spike leaves and returns within 12 ms: it stands out from the mean of its surroundings 6 ms
    away as far as from those 12 ms away, where an R peak stands out twice as far. Below 200 Hz no
    spike can be told, and none is sought.
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
    at = at[_is_narrow(mv, at + width, width)]
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


def _is_narrow(mv: NDArray[np.float32], at: NDArray[np.intp], width: int) -> NDArray[np.bool_]:
    last = mv.shape[1] - 1
    near, far = (
        np.abs(mv[:, at] - 0.5 * (mv[:, np.maximum(at - k, 0)] + mv[:, np.minimum(at + k, last)]))
        for k in (width, 2 * width)
    )
    lead = near.argmax(axis=0), np.arange(at.size)
    return np.asarray(near[lead] > _NARROW * far[lead])


def _bridged(mv: NDArray[np.float32], at: NDArray[np.intp], width: int) -> NDArray[np.float32]:
    bridged = mv.copy()
    reach = width + 1
    for middle in at.tolist():
        a, b = max(middle - reach, 0), min(middle + reach, mv.shape[1] - 1)
        bridged[:, a : b + 1] = np.linspace(mv[:, a], mv[:, b], b - a + 1, axis=1)
    return bridged
