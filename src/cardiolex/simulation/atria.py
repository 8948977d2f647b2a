"""P waves, fibrillation and flutter waves, in the eight independent leads.

The right and left atrium are one moving dipole each. Directions in the body frame (x left,
y feet, z back).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.causes import Causes
from cardiolex.simulation.lead_field import DOWER, Torso

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

RIGHT_ATRIUM = np.array([[-2.5, -4.5, -1.5]])  # cm from the middle of the ventricles
LEFT_ATRIUM = np.array([[0.5, -5.0, 4.0]])
_ATRIAL_SHARE = np.array([1.3, 1.05, 1.08, 0.76, 0.56, 0.52, 0.54, 0.66])
"""The atria are farther from V2-V6 than the ventricles, for which Dower's weights were made."""

_BLUNT = 1.5
"""Power of the sine that an atrium's bump follows: 2 makes P waves pointed and notched."""


@dataclass(frozen=True, eq=False)
class PWave:
    """A P wave: `mv` (8, W) float32; `duration_ms` from its first sample on."""

    mv: Singles
    duration_ms: float


def _fields(torso: Torso) -> tuple[Floats, Floats]:
    """Lead vectors (8, 3), body frame, of the right and left atrium."""
    mixed = 0.6 * torso.proximity / max(torso.proximity, 0.1)
    here = np.concatenate([RIGHT_ATRIUM, LEFT_ATRIUM])
    near = torso.field((here - torso.shift) @ torso.rotation)
    far = DOWER * torso.gain[:, None]
    near = near * _ATRIAL_SHARE[:, None, None]
    far = far * _ATRIAL_SHARE[:, None]
    both = mixed * near + (1 - mixed) * far[:, None, :]
    return both[:, 0], both[:, 1]


def sinus_p(causes: Causes, torso: Torso, rng: np.random.Generator, fs: float) -> PWave:
    """P wave of the sinus node: right atrium first, then left; enlargement lengthens either."""
    right = np.array([0.64, 0.76, -0.33]) + rng.normal(0, 0.18, 3)
    left = np.array([1.05, 0.22, 0.17]) + rng.normal(0, 0.20, 3)
    size = float(np.exp(rng.normal(-0.05, 0.26)))
    right_mv = 0.086 * size * (1 + 1.5 * causes.rae)
    left_mv = 0.070 * size * float(np.exp(rng.normal(0, 0.2))) * (1 + 0.5 * causes.lae)
    right_ms = float(rng.normal(90, 8)) * (1 + 0.15 * causes.rae)
    left_ms = float(rng.normal(92, 9)) * (1 + 0.12 * causes.lae)
    delay = float(np.clip(rng.normal(32, 7), 12, 50)) * (1 + 0.35 * causes.lae)
    if causes.lae > 0:
        left = left + np.array([0.0, 0.0, 0.45 * causes.lae])
        right = right + np.array([0.0, 0.0, 0.22 * causes.lae])
    bumps = [(right * right_mv, 0.0, right_ms), (left * left_mv, delay, left_ms)]
    return _p_wave(bumps, torso, fs)


def ectopic_p(torso: Torso, rng: np.random.Generator, fs: float, *, low: bool = False) -> PWave:
    """P wave from elsewhere in the atria; `low`: from near the AV junction (inverted in II)."""
    if low:
        first = np.array([-0.05, -0.85, 0.1]) + rng.normal(0, 0.15, 3)
        second = np.array([0.1, -0.6, -0.15]) + rng.normal(0, 0.15, 3)
    else:
        towards = rng.normal(0, 1, 3) + rng.uniform(0, 1.5) * np.array([0.7, 0.7, -0.2])
        first = towards / np.linalg.norm(towards)
        second = 0.7 * first + rng.normal(0, 0.45, 3)
    size = float(np.exp(rng.normal(0, 0.25)))
    delay, length = float(rng.uniform(15, 35)), float(rng.uniform(58, 90))
    bumps = [(first * 0.10 * size, 0.0, length), (second * 0.07 * size, delay, length)]
    return _p_wave(bumps, torso, fs)


def _p_wave(bumps: list[tuple[Floats, float, float]], torso: Torso, fs: float) -> PWave:
    """Sum of smooth bumps: (vector in mV, start in ms, length in ms)."""
    fields = _fields(torso)
    end = max(start + length for _, start, length in bumps)
    ms = np.arange(round((end + 4) * fs / 1000)) * 1000 / fs
    mv = np.zeros((8, len(ms)))
    for (vector, start, length), field in zip(bumps, fields, strict=True):
        phase = np.clip((ms - start) / length, 0, 1)
        mv += (field @ vector)[:, None] * np.sin(np.pi * phase) ** _BLUNT
    return PWave(mv.astype(np.float32), end)


def fibrillation(
    torso: Torso, rng: np.random.Generator, fs: float, samples: int, coarse: float
) -> Singles:
    """Fibrillatory waves (8, samples): 4-9 Hz, drifting in rate and size, largest in V1.

    After Stridh & Sörnmo 2001 (IEEE TBME 48:105): sawtooth-like sums of harmonics with slow
    frequency and amplitude modulation. `coarse` is the size in mV in V1.
    """
    right, left = _fields(torso)
    t = np.arange(samples) / fs
    out = np.zeros((8, samples))
    centre = rng.uniform(5.0, 7.5)
    for field, share in ((right, 1.0), (right, 0.7), (left, 0.6)):
        drift = 0.6 * np.sin(2 * np.pi * rng.uniform(0.08, 0.3) * t + rng.uniform(0, 6.3))
        rate = centre + rng.normal(0, 0.7) + drift
        phase = 2 * np.pi * np.cumsum(rate) / fs + rng.uniform(0, 6.3)
        slow = 2 * np.pi * rng.uniform(0.1, 0.7) * t + rng.uniform(0, 6.3)
        wave = sum(np.sin(k * phase) / k**1.3 for k in (1, 2, 3))
        vector = np.array([0.3, 0.6, -1.0]) + rng.normal(0, 0.6, 3)
        vector = vector / np.linalg.norm(vector)
        size = share * (1 + 0.5 * np.sin(slow))
        out += (field @ vector)[:, None] * (np.asarray(wave) * size)
    out *= coarse / max(float(np.abs(out[2]).max()), 1e-3)
    return out.astype(np.float32)


def flutter(
    torso: Torso, rng: np.random.Generator, fs: float, samples: int, rate_bpm: float, mv: float
) -> Singles:
    """Flutter waves (8, samples): regular sawtooth; typical: negative in II, III, aVF."""
    right, left = _fields(torso)
    t = np.arange(samples) / fs
    cycles = t * rate_bpm / 60 + rng.uniform(0, 1)
    phase = cycles + 0.01 * np.sin(2 * np.pi * 0.25 * t)
    typical = rng.random() < 0.75
    skew = float(rng.uniform(0.15, 0.35)) if typical else float(rng.uniform(0.3, 0.7))
    first = np.array([0.05, 1.0, 0.35]) if typical else np.array([0.1, -0.9, -0.3])
    first = first + rng.normal(0, 0.15, 3)
    second = np.array([0.1, -0.2, -0.8]) + rng.normal(0, 0.2, 3)
    out = (right @ first)[:, None] * _sawtooth(phase, skew)
    out = out + 0.45 * (left @ second)[:, None] * _sawtooth(phase + 0.25, 0.5)
    lead_two = max(float(np.ptp(out[1])), 1e-3)
    return np.asarray(out * (mv / lead_two), dtype=np.float32)


def _sawtooth(phase: Floats, rise: float) -> Floats:
    """Rounded sawtooth of amplitude about one that rises for the fraction `rise` of its cycle."""
    x = phase % 1.0
    up = x / rise
    down = (1 - x) / (1 - rise)
    corner = np.minimum(up, down)
    return np.asarray(np.sin(np.pi * (corner - 0.5)) * 0.5 + 0.25 * (2 * corner - 1))
