"""Gaussian noise with the spectra of muscle, drift and unrest, drawn for all electrodes at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from cardiolex.simulation.electrodes import ELECTRODES


def shaped_noise(
    length: int,
    fs: float,
    rng: np.random.Generator,
    parts: dict[str, NDArray[np.float64]],
    white: float = 0.0,
) -> NDArray[np.float32]:
    """Gaussian noise, (9, length): rms levels (9,) by the name of their shape, `white` everywhere.

    One draw serves all parts: what adds up is their power.
    """
    shapes = {name: _amplitude(length, fs, name) for name in parts}
    last = max(end for _, end in shapes.values())
    gain = np.zeros((len(ELECTRODES), last), dtype=np.float32)
    for name, levels in parts.items():
        amplitude, end = shapes[name]
        gain[:, :end] += np.square(amplitude[:end] * levels.astype(np.float32)[:, None])
    gain = np.sqrt(gain + np.float32(white**2 * length / 2))
    spectrum = np.zeros((len(ELECTRODES), length // 2 + 1), dtype=np.complex64)
    normals = rng.standard_normal((len(ELECTRODES), last, 2), dtype=np.float32)
    spectrum[:, :last] = normals.view(np.complex64)[..., 0]
    spectrum[:, :last] *= gain
    return np.asarray(irfft(spectrum, n=length, axis=1), dtype=np.float32)


@lru_cache(maxsize=16)
def _amplitude(length: int, fs: float, shape: str) -> tuple[NDArray[np.float32], int]:
    """Amplitude per bin for unit rms over the whole band, and how many bins are worth filling.

    The density does not depend on `fs`: at 100 Hz only the part below 50 Hz is there.
    """
    density = _SHAPES[shape]
    f = np.fft.rfftfreq(length, 1 / fs).astype(np.float64)
    amplitude = density(f)
    amplitude[-1] = 0.0
    last = int(np.flatnonzero(amplitude > 1e-3 * amplitude.max())[-1]) + 1
    amplitude[last:] = 0.0
    power = np.sum(np.square(density(np.arange(0.0, 500.0, 0.005)))) * 0.005
    # irfft of two unit normals per bin: variance 4 sum(amplitude^2) / length^2
    scale = np.sqrt(length * fs / (4.0 * power))
    return (amplitude * scale).astype(np.float32), last


def emg_shape(f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative amplitude of muscle noise at `f` Hz: rises to 20 Hz, falls from 70 Hz on."""
    low, high = np.square(f / 20.0), np.square(f / 70.0)
    return np.asarray(low / (1 + low) / (1 + high))


def drift_shape(f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative amplitude of drift at `f` Hz: 1/f between 0.03 and 2 Hz, nothing above."""
    inside = (f > 0.03) & (f <= 2.0)
    return np.asarray(np.where(inside, 0.03 / np.maximum(f, 0.03), 0.0))


def slow_shape(f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative amplitude of unrest at `f` Hz: 1/f between 1.5 and 15 Hz, nothing outside."""
    inside = (f > 1.5) & (f <= 15.0)
    return np.asarray(np.where(inside, 1.5 / np.maximum(f, 1.5), 0.0))


_SHAPES = {"emg": emg_shape, "drift": drift_shape, "slow": slow_shape}
