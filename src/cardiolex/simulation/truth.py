"""What is true of a simulated recording: interval measurements, beats, conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.recording import Recording


def _nan12() -> NDArray[np.float32]:
    return np.full(12, nan, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Measurements:
    """Global and per-lead measurements of the dominant beat of the noise-free tracing.

    A value that the tracing does not have (PR in atrial fibrillation, say) is NaN.
    Axes are frontal-plane degrees in (-180, 180]. Per-lead arrays have shape (12,) in the
    canonical lead order, amplitudes in mV against the PQ level, durations in ms;
    `q_mv` and `s_mv` are depths (positive numbers, 0 where the wave is absent).
    """

    heart_rate_bpm: float  # ventricular
    rr_ms: float  # mean
    rr_sd_ms: float
    pr_ms: float
    p_ms: float
    qrs_ms: float
    qt_ms: float
    qtc_ms: float  # Bazett
    p_axis_deg: float
    qrs_axis_deg: float
    t_axis_deg: float
    atrial_rate_bpm: float = nan
    q_mv: NDArray[np.float32] = field(default_factory=_nan12)
    q_ms: NDArray[np.float32] = field(default_factory=_nan12)
    r_mv: NDArray[np.float32] = field(default_factory=_nan12)
    r_ms: NDArray[np.float32] = field(default_factory=_nan12)
    s_mv: NDArray[np.float32] = field(default_factory=_nan12)
    s_ms: NDArray[np.float32] = field(default_factory=_nan12)
    r_prime_mv: NDArray[np.float32] = field(default_factory=_nan12)
    st_mv: NDArray[np.float32] = field(default_factory=_nan12)  # at J + 60 ms
    j_mv: NDArray[np.float32] = field(default_factory=_nan12)
    t_mv: NDArray[np.float32] = field(default_factory=_nan12)  # signed extreme
    p_mv: NDArray[np.float32] = field(default_factory=_nan12)  # signed extreme


@dataclass(frozen=True, eq=False)
class Beats:
    """Every ventricular beat that lies in the recording, in order of time; seconds throughout.

    Shapes: (B,) for global fiducials, (B, 12) for `r_peak_s` (the largest QRS deflection of
    each lead). NaN where the beat has no such wave (no conducted P wave, say).
    `p_wave_s` are the peaks of all discrete P waves, conducted or not: shape (P,).
    """

    kind: tuple[str, ...]  # "normal", "pac", "pvc", "paced", "escape", "fusion", ...
    qrs_on_s: NDArray[np.float64]
    qrs_off_s: NDArray[np.float64]
    p_on_s: NDArray[np.float64]
    p_off_s: NDArray[np.float64]
    t_on_s: NDArray[np.float64]
    t_off_s: NDArray[np.float64]
    r_peak_s: NDArray[np.float64]
    p_wave_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, eq=False)
class SimulatedECG:
    """One simulated recording with everything that is true of it.

    `present` and `unknown` are disjoint; every condition in neither is absent.
    """

    recording: Recording
    present: frozenset[str]
    unknown: frozenset[str]
    measurements: Measurements
    beats: Beats
    events: tuple[str, ...] = ()  # what acquisition did: "lead off V3", "mains 50 Hz", ...
