"""Where windows lie in a recording, and which leads carry signal in them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def window_starts(length: int, window: int) -> list[int]:
    """Return the first samples of windows that cover `length` samples.

    Windows follow one another; the last is aligned to the end and overlaps its neighbour. A
    recording no longer than a window has one, at 0. One sample too many (rounding of the rate)
    opens no further window.
    """
    if length <= window + 1:
        return [0]
    if length % window == 1:
        length -= 1
    return [*range(0, length - window, window), length - window]


def leads_with_signal(
    mv: NDArray[np.float32],
    samples_per_sample: float,
    spans: Sequence[tuple[int, int]],
    max_missing: float,
) -> NDArray[np.bool_]:
    """Return (W, L): True where a lead varies and at most `max_missing` of it is NaN or Inf.

    `spans` count samples after resampling; `samples_per_sample` is the recorded rate over the
    new one. Judged on the samples as recorded, where a flat line is exactly constant.
    """
    present = np.zeros((len(spans), mv.shape[0]), bool)
    for w, (first, last) in enumerate(spans):
        start = min(round(first * samples_per_sample), mv.shape[1] - 1)
        part = mv[:, start : max(start + 1, round(last * samples_per_sample))]
        finite = np.isfinite(part)
        enough = finite.mean(axis=1) >= 1 - max_missing
        highest = np.where(finite, part, -np.inf).max(axis=1)
        lowest = np.where(finite, part, np.inf).min(axis=1)
        present[w] = enough & (highest > lowest)
    return present
