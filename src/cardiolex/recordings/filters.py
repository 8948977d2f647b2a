"""Zero-phase filters that leave the ends of a strip usable."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=32)
def _butterworth(
    fs: float, highpass_hz: float | None, lowpass_hz: float | None
) -> NDArray[np.float64]:
    from scipy.signal import butter

    sections = []
    if highpass_hz is not None:
        sections.append(butter(2, highpass_hz, "highpass", fs=fs, output="sos"))
    if lowpass_hz is not None:
        sections.append(butter(2, lowpass_hz, "lowpass", fs=fs, output="sos"))
    return np.concatenate(sections)


def zero_phase(
    values: NDArray[np.float32], fs: float, highpass_hz: float | None, lowpass_hz: float | None
) -> NDArray[np.float32]:
    """Filter finite (L, T) forwards and backwards with second-order Butterworth sections.

    The cut-offs are where the gain is one half (two passes of -3 dB). The ends are mirrored (odd
    extension) over one period of the lowest cut-off, as far as the signal reaches, so that the
    start of a strip carries no step response. Any length of one sample or more is accepted.
    """
    if highpass_hz is None and lowpass_hz is None:
        return values
    from scipy.signal import sosfiltfilt

    lowest = min(edge for edge in (highpass_hz, lowpass_hz) if edge is not None)
    reach = max(round(fs / lowest), 9)
    sections = _butterworth(fs, highpass_hz, lowpass_hz)
    padding = min(reach, values.shape[-1] - 1)
    return np.asarray(sosfiltfilt(sections, values, axis=-1, padlen=padding), np.float32)
