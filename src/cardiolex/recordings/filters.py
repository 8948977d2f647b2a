"""Zero-phase filters that leave the ends of a strip usable."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=32)
def _butterworth(
    fs: float, highpass_hz: float | None, lowpass_hz: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sections (S, 6), and their state (S, 1, 2) after a constant signal of 1."""
    from scipy.signal import butter, sosfilt_zi

    sections = []
    if highpass_hz is not None:
        sections.append(butter(2, highpass_hz, "highpass", fs=fs, output="sos"))
    if lowpass_hz is not None:
        sections.append(butter(2, lowpass_hz, "lowpass", fs=fs, output="sos"))
    together = np.concatenate(sections)
    return together, sosfilt_zi(together)[:, None]


def zero_phase(
    values: NDArray[np.float32], fs: float, highpass_hz: float | None, lowpass_hz: float | None
) -> NDArray[np.float32]:
    """Filter finite (L, T) forwards and backwards with second-order Butterworth sections.

    The cut-offs are where the gain is one half (two passes of -3 dB). Before filtering, the ends
    are continued over one period of the lowest cut-off, as far as the signal reaches, by turning
    the signal about the straight line through its last second. (Turning it about its last sample,
    as usual, makes a step wherever a strip begins within a QRS complex.) Any length of one sample
    or more is accepted.
    """
    if highpass_hz is None and lowpass_hz is None:
        return values
    lowest = min(edge for edge in (highpass_hz, lowpass_hz) if edge is not None)
    reach = min(max(round(fs / lowest), 9), values.shape[-1] - 1)
    coefficients = _butterworth(fs, highpass_hz, lowpass_hz)
    longer = continued(values, reach, round(fs)).astype(np.float64)
    forwards = _from_rest(longer, *coefficients)
    filtered = _from_rest(forwards[:, ::-1], *coefficients)[:, ::-1]
    return np.asarray(filtered[:, reach : reach + values.shape[-1]], np.float32)


def _from_rest(
    values: NDArray[np.float64], sections: NDArray[np.float64], rest: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Filter (L, T) as if its first sample had always stood there."""
    from scipy.signal import sosfilt

    filtered, _ = sosfilt(sections, values, zi=rest * values[:, :1])
    return np.asarray(filtered)


def continued(values: NDArray[np.float32], reach: int, trend: int) -> NDArray[np.float32]:
    """Return (L, T + 2 reach): both ends continued by point reflection about their trend.

    The trend is the least-squares line through the outermost `trend` samples.
    """
    if reach < 1:
        return values
    trend = min(trend, values.shape[-1])
    first = 2 * _trend_at_end(values[..., trend - 1 :: -1]) - values[..., reach:0:-1]
    last = 2 * _trend_at_end(values[..., -trend:]) - values[..., -2 : -2 - reach : -1]
    return np.concatenate([first, values, last], axis=-1)


def _trend_at_end(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the value (L, 1) of the least-squares line through (L, n) at its last sample."""
    n = part.shape[-1]
    time = np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2)
    mean = part.mean(axis=-1, keepdims=True)
    slope = (part @ time)[..., None] / max(float(time @ time), 1.0)
    return np.asarray(mean + slope * time[-1], np.float32)
