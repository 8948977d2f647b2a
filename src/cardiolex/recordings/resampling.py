"""Change of sampling rate by polyphase filtering, without ringing at the ends."""

from fractions import Fraction
from math import ceil, isfinite

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.repair import fill_missing

LARGEST_RATIO = 200.0
_LARGEST_FACTOR = 10_000


def rate_ratio(fs: float, new_fs: float) -> Fraction:
    """Return new_fs / fs as a fraction (up / down), exact to 1e-4 or better.

    Raises CardiolexError for rates that are not finite and positive, and for ratios beyond
    1:200, which are mistakes in the file or the request.
    """
    if not (isfinite(fs) and isfinite(new_fs) and fs > 0 and new_fs > 0):
        raise CardiolexError(f"sampling rates must be above 0 Hz, not {fs} and {new_fs}")
    ratio = new_fs / fs
    if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        raise CardiolexError(
            f"refusing to resample from {fs:g} Hz to {new_fs:g} Hz: more than a factor of "
            f"{LARGEST_RATIO:g}; check the sampling rate"
        )
    return Fraction(ratio).limit_denominator(_LARGEST_FACTOR)


def resample(values: NDArray[np.float32], fs: float, new_fs: float) -> NDArray[np.float32]:
    """Resample (L, T) from `fs` to `new_fs` Hz; the result has ceil(T * new_fs / fs) samples.

    Missing samples (NaN, Inf) are bridged for the filter and are NaN again afterwards, so they
    never spread. The line through the ends is removed for filtering (`padtype="line"`).
    """
    ratio = rate_ratio(fs, new_fs)
    if ratio == 1:
        return values
    finite = np.isfinite(values)
    whole = fill_missing(values)
    result = _polyphase(whole, ratio)
    if not finite.all():
        nearest = np.minimum(
            np.round(np.arange(result.shape[-1]) / float(ratio)).astype(np.intp),
            values.shape[-1] - 1,
        )
        result[~finite[:, nearest]] = np.nan
    return result


def _polyphase(values: NDArray[np.float32], ratio: Fraction) -> NDArray[np.float32]:
    from scipy.signal import resample_poly

    if values.shape[-1] < 2:  # no line through one sample
        return np.repeat(values, ceil(values.shape[-1] * ratio), axis=-1)
    up, down = ratio.numerator, ratio.denominator
    return np.asarray(resample_poly(values, up, down, axis=-1, padtype="line"), np.float32)
