"""Noise at a stated signal-to-noise ratio, shared by the leads as the electrodes are.

SNR in decibel = 10 log10(signal power / noise power), both as means of the squared millivolts over
the recording's leads and samples: of the signal after a zero-phase high-pass at 0.5 Hz (so that a
recording that wanders by itself does not count as a strong signal), of the noise as it is. One gain
for all leads: noise arises at electrodes, so Einthoven's and Goldberger's relations hold in what is
added. Missing samples stay missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.robustness.disturbance import Unsuitable
from cardiolex.recordings.filters import zero_phase
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.repair import fill_missing
from cardiolex.simulation.electrodes import LEAD_MATRIX
from cardiolex.simulation.noise import (
    NoiseSettings,
    drift,
    mains,
    motion,
    muscle_noise,
    pops,
    respiration,
)

Electrodes = NDArray[np.floating]
Make = Callable[[int, float, np.random.Generator], Electrodes]
SIGNAL_FROM_HZ = 0.5
MOST_DRAWS = 50


def baseline_wander(samples: int, fs: float, rng: np.random.Generator) -> Electrodes:
    """Half-cell drift and breathing below 2 Hz: (9, samples) at the electrodes."""
    t = (np.arange(samples) / fs).astype(np.float32)
    settings = NoiseSettings()
    return drift(samples, fs, rng, settings) + respiration(t, rng, settings)


def muscle(samples: int, fs: float, rng: np.random.Generator) -> Electrodes:
    """Surface EMG, 20 to 150 Hz, in some recordings in bursts."""
    settings = NoiseSettings(slow_mv=0.0, white_mv=0.0)
    return muscle_noise(samples, fs, rng, settings)


def electrode_motion(samples: int, fs: float, rng: np.random.Generator) -> Electrodes:
    """Shifts of single electrodes and loose contacts, about one in two seconds."""
    t = np.arange(samples) / fs
    events = max(2, round(t[-1] / 4))
    return np.asarray(np.sum([motion(t, rng) + pops(t, rng) for _ in range(events)], axis=0))


def power_line(samples: int, fs: float, rng: np.random.Generator) -> Electrodes:
    """Mains at 50 or 60 Hz with odd harmonics, another phase in every cable."""
    return mains(np.arange(samples) / fs, fs, (50.0, 60.0)[rng.integers(2)], 1.0, rng)


KINDS: dict[str, Make] = {
    "baseline wander": baseline_wander,
    "muscle (EMG)": muscle,
    "electrode motion": electrode_motion,
    "mains": power_line,
}


def add_noise(
    recording: Recording, make: Make, snr_db: float, rng: np.random.Generator
) -> Recording:
    """The recording with noise of `make` at `snr_db`; Unsuitable where there is no signal.

    Noise that spares all of the recording's leads (an electrode moved that they do not use) is
    drawn anew.
    """
    signal = signal_power(recording)
    rows = [LEADS.index(lead) for lead in recording.leads]
    for _ in range(MOST_DRAWS):
        at_electrodes = make(recording.mv.shape[1], recording.fs, rng)
        noise = LEAD_MATRIX[rows] @ np.asarray(at_electrodes, np.float32)
        power = float(np.mean(np.square(noise, dtype=np.float64)))
        if power > 0:
            break
    if signal <= 0 or power <= 0:
        raise Unsuitable(f"recording {recording.id!r}: no signal, or no noise at {recording.fs} Hz")
    gain = np.sqrt(signal / power / 10 ** (snr_db / 10))
    return replace(
        recording,
        mv=recording.mv + np.float32(gain) * noise,
        notes=(*recording.notes, f"noise added at {snr_db:g} dB"),
    )


def signal_power(recording: Recording) -> float:
    """Mean of the squared millivolts above 0.5 Hz, over leads and samples."""
    whole = fill_missing(recording.mv)
    there = whole[np.isfinite(whole).all(axis=1)]
    if not len(there):
        return 0.0
    above = zero_phase(there, recording.fs, SIGNAL_FROM_HZ, None)
    return float(np.mean(np.square(above, dtype=np.float64)))
