"""Beat-to-beat variability of regular rhythms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sinus_intervals(
    rng: np.random.Generator, rate_bpm: float, seconds: float, relative_sd: float
) -> Floats:
    """RR intervals (s) with respiratory, Mayer-wave and 1/f variability.

    Frequencies after Task Force 1996 (Circulation 93:1043): respiration 0.11-0.3 Hz, Mayer
    waves near 0.1 Hz; the rest 1/f. `relative_sd` is the standard deviation over the mean.
    """
    mean = 60 / rate_bpm
    n = int(np.ceil(seconds / mean * 1.4)) + 3
    at = np.arange(n) * mean
    breath = rng.uniform(0.11, 0.3)
    share = rng.uniform(0.55, 1.0)
    breathing = np.sin(2 * np.pi * breath * at + rng.uniform(0, 6.3))
    mayer = 0.5 * np.sin(2 * np.pi * rng.uniform(0.07, 0.12) * at + rng.uniform(0, 6.3))
    wander = np.cumsum(rng.normal(0, 0.3, n))
    wander = wander - wander.mean()
    signal = share * breathing + (1 - share) * (mayer + 0.5 * wander) + rng.normal(0, 0.08, n)
    signal = (signal - signal.mean()) / max(float(signal.std()), 1e-6)
    return np.asarray(mean * np.clip(1 + relative_sd * signal, 0.6, 1.6))


def fibrillation_intervals(rng: np.random.Generator, rate_bpm: float, seconds: float) -> Floats:
    """RR intervals (s) of atrial fibrillation: irregular, bounded by AV refractoriness.

    The AV node lets through what comes after a refractory time that itself wanders (Zeng & Glass
    1996, Phys Rev E 54:1779): a floor plus gamma-distributed waiting, without memory but for a
    slow drift of the mean. Coefficients of variation 0.08 to 0.33; one in twelve is nearly
    regular over ten seconds, as under rate control or with a tired AV node.
    """
    mean = 60 / rate_bpm
    n = int(np.ceil(seconds / mean * 1.6)) + 4
    cv = float(np.clip(rng.normal(0.19, 0.06), 0.08, 0.36))
    if rng.random() < 0.08:
        cv = float(rng.uniform(0.06, 0.11))
    drift = 0.3 * cv * np.sin(2 * np.pi * rng.uniform(0.03, 0.12) * mean * np.arange(n))
    floor = min(max(0.27, mean * (1 - 2.3 * cv)), 0.85 * mean)
    waiting = mean - floor
    shape = float(np.clip((waiting / (cv * mean)) ** 2, 1.2, 60))
    gaps = floor + rng.gamma(shape, waiting / shape, n)
    return np.asarray(np.clip(gaps * (1 + drift), 0.26, 3.2 * mean))
