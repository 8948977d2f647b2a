"""The filters of a cart, applied in the frequency domain to all leads at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

_CACHED_SAMPLES = 20_000  # longer recordings are rare, and their responses large


@dataclass(frozen=True)
class Filter:
    """High-pass, low-pass and notch; None leaves a stage out. Cut-offs are the -3 dB points.

    Both are Butterworth; a first-order high-pass is the RC coupling of older carts. `causal`
    gives the phase of the analog filter, otherwise the same magnitude has zero phase.
    """

    highpass_hz: float | None = None
    highpass_order: int = 1
    lowpass_hz: float | None = None
    lowpass_order: int = 3
    notch_hz: float | None = None
    causal: bool = False

    def response(self, f: NDArray[np.floating[Any]]) -> NDArray[np.complexfloating[Any, Any]]:
        """Transfer function at `f` Hz (>= 0), same shape."""
        h = np.ones(len(f), dtype=np.complex128)
        if self.highpass_hz is not None:
            s = 1j * f / self.highpass_hz
            h *= s**self.highpass_order / _butterworth(s, self.highpass_order)
        if self.lowpass_hz is not None:
            s = 1j * f / self.lowpass_hz
            h /= _butterworth(s, self.lowpass_order)
        if self.notch_hz is not None:
            width = self.notch_hz / 25.0  # Q = 25: -3 dB at +- 1 Hz for 50 Hz
            apart = np.square(self.notch_hz) - np.square(f)
            h *= apart / (apart + 1j * f * width)
        return h if self.causal else np.abs(h).astype(np.complex128)


def _butterworth(
    s: NDArray[np.complexfloating[Any, Any]], order: int
) -> NDArray[np.complexfloating[Any, Any]]:
    """Butterworth polynomial of the normalized frequency `s`, from its poles."""
    angles = np.pi * (2 * np.arange(order) + order + 1) / (2 * order)
    return np.asarray(np.prod([s - np.exp(1j * angle) for angle in angles], axis=0))


def filter_leads(mv: NDArray[np.float32], fs: float, chosen: Filter) -> NDArray[np.float32]:
    """Filter (L, T) along time at `fs` Hz, same shape, float32.

    Beyond its end the recording is led back to its beginning by a smooth bridge, so that
    the circular convolution meets no step.
    """
    samples = mv.shape[1]
    length = next_fast_len(samples + round(min(2.0 * fs, samples)), real=True)
    bridged = np.empty((len(mv), length), dtype=np.float32)
    bridged[:, :samples] = mv
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, length - samples + 1) / (length - samples + 1))
    bridged[:, samples:] = mv[:, -1:] + (mv[:, :1] - mv[:, -1:]) * rise.astype(np.float32)
    respond = _cached_response if length <= _CACHED_SAMPLES else _response
    spectrum = rfft(bridged, axis=1) * respond(chosen, length, fs)
    return np.asarray(irfft(spectrum, n=length, axis=1)[:, :samples], dtype=np.float32)


def _response(chosen: Filter, length: int, fs: float) -> NDArray[np.complex64]:
    return chosen.response(np.fft.rfftfreq(length, 1 / fs)).astype(np.complex64)


_cached_response = lru_cache(maxsize=64)(_response)
