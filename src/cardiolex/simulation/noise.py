"""Noise as it arises at the electrodes, in mV, and what of it reaches the twelve leads.

Every kind of noise is a potential of one electrode (half-cell drift, muscle under it, motion,
mains coupled into its cable), so the leads share it as they share the electrodes: Einthoven's
and Goldberger's relations hold with noise as without. Spectra and levels follow resting
ECGs as published by PTB-XL, LUDB, CPSC2018, Georgia and Chapman-Shaoxing: half of the
recordings have less than 4 uV of muscle noise in the limb leads, one in a hundred over 20 uV.
Spectral shapes: Clancy, Morin & Merletti, J Electromyogr Kinesiol 2002 (muscle); Moody,
Muldrow & Mark, Comput Cardiol 1984 (baseline and electrode motion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from cardiolex.simulation.electrodes import ELECTRODES, LEAD_MATRIX
from cardiolex.simulation.noise_spectra import shaped_noise

_ARMS, _LIMBS = slice(0, 2), slice(0, 3)
_COUNT = len(ELECTRODES)


@dataclass(frozen=True)
class NoiseSettings:
    """Levels are medians over recordings (mV rms at one arm electrode); `_spread` is the SD
    of the natural logarithm over recordings; `_probability` is per recording.
    """

    drift_mv: float = 0.034  # slow drift, mostly below 0.3 Hz
    drift_spread: float = 0.75
    respiration_mv: float = 0.012
    respiration_spread: float = 0.8
    emg_mv: float = 0.0036
    emg_spread: float = 0.8
    burst_probability: float = 0.25  # muscle noise that comes and goes
    slow_mv: float = 0.006  # small movements and muscle tone, 1.5 to 15 Hz
    slow_spread: float = 0.35
    white_mv: float = 0.0007  # amplifier
    white_spread: float = 0.6
    mains_probability: float = 0.3
    mains_mv: float = 0.0015
    mains_spread: float = 1.1
    tremor_probability: float = 0.015
    tremor_mv: float = 0.03
    motion_probability: float = 0.08
    pop_probability: float = 0.01


def lead_noise(
    samples: int, fs: float, rng: np.random.Generator, settings: NoiseSettings = NoiseSettings()
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Noise of the twelve leads, (12, samples) float32 mV, and the names of unusual events."""
    at_electrodes, events = electrode_noise(samples, fs, rng, settings)
    return LEAD_MATRIX @ at_electrodes, events


def electrode_noise(
    samples: int, fs: float, rng: np.random.Generator, settings: NoiseSettings = NoiseSettings()
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Noise potentials of the nine electrodes, (9, samples) float32 mV, and event names.

    The order is that of `electrodes.ELECTRODES`. `fs` in Hz.
    """
    noise = muscle_noise(samples, fs, rng, settings)
    noise += drift(samples, fs, rng, settings)
    t = np.arange(samples) / fs
    noise += respiration(t.astype(np.float32), rng, settings)
    events = []
    if rng.random() < settings.mains_probability:
        frequency = (50.0, 60.0)[rng.integers(2)]
        level = _lognormal(rng, settings.mains_mv, settings.mains_spread)
        noise += mains(t, fs, frequency, level, rng)
        events.append(f"mains {frequency:.0f} Hz")
    if rng.random() < settings.tremor_probability:
        noise[_ARMS] += tremor(t, rng, settings)
        events.append("tremor")
    if rng.random() < settings.motion_probability:
        noise += motion(t, rng)
        events.append("motion artifact")
    if rng.random() < settings.pop_probability:
        noise += pops(t, rng)
        events.append("electrode pop")
    return noise, tuple(events)


def muscle_noise(
    samples: int, fs: float, rng: np.random.Generator, settings: NoiseSettings
) -> NDArray[np.float32]:
    """Surface EMG (20 to 150 Hz), slow unrest and the amplifier's white noise; (9, samples).

    The arms are the noisiest: a resting muscle lies under them, and the cables are long. Unrest
    (1.5 to 15 Hz) wanders between beats like small fibrillatory waves, in every recording.
    """
    length = next_fast_len(samples, real=True)
    level = _lognormal(rng, settings.emg_mv, settings.emg_spread)
    levels = np.full(_COUNT, 0.42 * level)
    levels[_LIMBS] = level * np.array([1.0, 1.0, 0.45])
    levels *= np.exp(0.25 * rng.standard_normal(_COUNT))
    white = _lognormal(rng, settings.white_mv, settings.white_spread)
    unrest = np.full(_COUNT, _lognormal(rng, settings.slow_mv, settings.slow_spread))
    unrest *= np.exp(0.25 * rng.standard_normal(_COUNT))
    noise = shaped_noise(length, fs, rng, {"emg": levels, "slow": unrest}, white)[:, :samples]
    if rng.random() < settings.burst_probability:
        noise *= burst_envelope(samples, fs, rng)
    return noise


def drift(
    samples: int, fs: float, rng: np.random.Generator, settings: NoiseSettings
) -> NDArray[np.float32]:
    """Half-cell drift: power falling as 1/f^2 between 0.03 and 2 Hz; (9, samples)."""
    length = next_fast_len(round(1.25 * samples), real=True)
    level = _lognormal(rng, settings.drift_mv, settings.drift_spread)
    levels = level * np.exp(0.45 * rng.standard_normal(_COUNT))
    levels[3:] *= 1.2  # the chest moves more
    return shaped_noise(length, fs, rng, {"drift": levels})[:, :samples]


def respiration(
    t: NDArray[np.float32], rng: np.random.Generator, settings: NoiseSettings
) -> NDArray[np.float32]:
    """Breathing at 0.15 to 0.4 Hz moves all electrodes in step, each by its own amount."""
    rate = rng.uniform(0.15, 0.4)
    phase = 2 * np.pi * rate * t + rng.uniform(0, 2 * np.pi)
    slow = np.sin(2 * np.pi * 0.23 * rate * t + rng.uniform(0, 6.28))
    phase += rng.uniform(0, 0.6) * slow
    level = _lognormal(rng, settings.respiration_mv, settings.respiration_spread)
    amplitude = level * np.sqrt(2.0) * (0.5 + rng.standard_normal((_COUNT, 2)) * (0.6, 0.25))
    waves = np.stack([np.sin(phase), np.cos(2 * phase) * 0.5])
    return np.asarray(amplitude.astype(np.float32) @ waves, dtype=np.float32)


def mains(
    t: NDArray[np.float64], fs: float, frequency: float, level: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Power-line interference with odd harmonics, `level` mV rms, drifting slowly in amplitude.

    Each cable picks up its own amplitude and phase, so the leads do not cancel it.
    """
    actual = frequency * (1 + 2e-4 * rng.standard_normal())
    swell = 1 + rng.uniform(0, 0.5) * np.sin(2 * np.pi * 0.1 * t + rng.uniform(0, 6.28))
    turn = np.exp(np.remainder(actual * t, 1.0).astype(np.float32) * np.complex64(2j * np.pi))
    third = turn * turn * turn
    harmonics = (
        (1, turn),
        (3, np.float32(0.2) * third),
        (5, np.float32(0.08) * third * turn * turn),
    )
    waves = [wave for harmonic, wave in harmonics if harmonic * actual < 0.45 * fs]
    if not waves:
        return np.zeros((_COUNT, len(t)), dtype=np.float32)
    mixing = level * rng.standard_normal((_COUNT, len(waves), 2), dtype=np.float32)
    picked = mixing.view(np.complex64)[..., 0] @ np.stack(waves)
    return np.asarray(picked.real * swell.astype(np.float32), dtype=np.float32)


def tremor(
    t: NDArray[np.float64], rng: np.random.Generator, settings: NoiseSettings
) -> NDArray[np.float32]:
    """Rhythmic muscle bursts of one or both arms at 4 to 8 Hz; (2, T) for RA and LA."""
    rate = rng.uniform(4.0, 8.0)
    wobble = rng.uniform(0.5, 2.0) * np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * t)
    phase = 2 * np.pi * rate * t + wobble
    level = _lognormal(rng, settings.tremor_mv, 0.6)
    shares = np.array([1.0, rng.uniform(0.1, 0.6)])[rng.permutation(2)][:, None]
    offset = rng.uniform(0, 6.28, size=(2, 1))
    wave = np.sin(phase + offset) + 0.4 * np.sin(2 * phase + 2 * offset + 0.7)
    swell = 1 + 0.4 * np.sin(2 * np.pi * 0.15 * t + rng.uniform(0, 6.28))
    return np.asarray(level * shares * wave * swell, dtype=np.float32)


def motion(t: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """An electrode is moved: a quick shift of its potential, then exponential recovery."""
    noise = np.zeros((_COUNT, len(t)), dtype=np.float32)
    for _ in range(1 + rng.poisson(0.8)):
        since = t - rng.uniform(t[0] - 1.0, t[-1])
        height = rng.choice((-1.0, 1.0)) * _lognormal(rng, 0.15, 0.9)
        rise, recovery = rng.uniform(0.02, 0.15), rng.uniform(0.2, 2.0)
        late = np.maximum(since, 0)
        shape = (1 - np.exp(-late / rise)) * np.exp(-late / recovery)
        noise[rng.integers(_COUNT)] += np.float32(height) * shape
    return noise


def pops(t: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Loose contact of one electrode: a few sharp spikes of 10 to 60 ms."""
    noise = np.zeros((_COUNT, len(t)), dtype=np.float32)
    electrode = rng.integers(_COUNT)
    for _ in range(1 + rng.poisson(2.0)):
        since = (t - rng.uniform(t[0], t[-1])) / rng.uniform(0.005, 0.03)
        height = rng.choice((-1.0, 1.0)) * _lognormal(rng, 0.4, 0.8)
        noise[electrode] += np.float32(height) * np.exp(-np.minimum(np.abs(since), 50.0))
    return noise


def burst_envelope(samples: int, fs: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A gain over time, (samples,): 1 at rest, up to about 6 in smooth bursts of 0.3 to 3 s."""
    t = np.arange(samples) / fs
    gain = np.ones(samples, dtype=np.float32)
    for _ in range(1 + rng.poisson(1.5)):
        distance = ((t - rng.uniform(0, t[-1])) / rng.uniform(0.15, 1.5)).astype(np.float32)
        gain += np.float32(rng.uniform(0.5, 5.0)) * np.exp(-0.5 * np.square(distance))
    return gain


def _lognormal(rng: np.random.Generator, median: float, spread: float) -> float:
    return float(median * np.exp(spread * rng.standard_normal()))
