"""Beat-to-beat variability of regular rhythms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sinus_intervals(
    rng: np.random.Generator, rate_bpm: float, seconds: float, relative_sd: float
) -> Floats:
    """RR intervals (s) with respiratory, Mayer-wave and 1/f variability.

    Frequencies after Task Force 1996 (Circulation 93:1043): respiration 0.18-0.35 Hz, Mayer
    waves near 0.1 Hz; the rest 1/f. `relative_sd` is the standard deviation over the mean.
    """
    mean = 60 / rate_bpm
    n = int(np.ceil(seconds / mean * 1.4)) + 3
    at = np.arange(n) * mean
    breath = rng.uniform(0.17, 0.33)
    share = rng.uniform(0.45, 0.95)
    breathing = np.sin(2 * np.pi * breath * at + rng.uniform(0, 6.3))
    mayer = 0.5 * np.sin(2 * np.pi * rng.uniform(0.07, 0.12) * at + rng.uniform(0, 6.3))
    wander = np.cumsum(rng.normal(0, 0.3, n))
    wander = wander - wander.mean()
    signal = share * breathing + (1 - share) * (mayer + 0.5 * wander) + rng.normal(0, 0.15, n)
    signal = (signal - signal.mean()) / max(float(signal.std()), 1e-6)
    return np.asarray(mean * np.clip(1 + relative_sd * signal, 0.6, 1.6))


def fibrillation_intervals(rng: np.random.Generator, rate_bpm: float, seconds: float) -> Floats:
    """RR intervals (s) of atrial fibrillation: irregular, gamma-like, bounded by AV refractoriness.

    Coefficient of variation 0.15-0.3, less when the rate is high.
    """
    mean = 60 / rate_bpm
    n = int(np.ceil(seconds / mean * 1.5)) + 3
    cv = float(rng.uniform(0.14, 0.30))
    shape = 1 / cv**2
    floor = min(0.30, 0.55 * mean)
    return np.asarray(np.maximum(rng.gamma(shape, mean / shape, n), floor))
