"""Measurements of the noise-free templates, by definition rather than by detection."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.atria import PWave
from cardiolex.simulation.lead_field import twelve_leads
from cardiolex.simulation.ventricular_beat import VentricularBeat

Floats = NDArray[np.float64]

LEAST_WAVE_MV = 0.02  # smaller deflections are not waves


@dataclass(frozen=True, eq=False)
class QRST:
    """Waves of one template per lead, shape (12,), mV and ms. Depths are positive numbers."""

    q_mv: Floats
    q_ms: Floats
    r_mv: Floats
    r_ms: Floats
    s_mv: Floats
    s_ms: Floats
    r_prime_mv: Floats
    end_mv: Floats  # last deflection of the QRS, signed
    j_mv: Floats
    st_mv: Floats  # at J + 60 ms
    t_max: Floats
    t_min: Floats
    peak_ms: Floats  # of the largest QRS deflection, from the template's start
    net: Floats  # QRS area, mV ms
    t_net: Floats
    off_ms: float
    t_off_ms: float

    @property
    def t_mv(self) -> Floats:
        """The larger deflection of the T wave, signed."""
        return np.where(self.t_max >= -self.t_min, self.t_max, self.t_min)


def axis_deg(one: float, avf: float) -> float:
    """Frontal-plane axis from net areas in I and aVF (aVF scaled by 2/sqrt(3))."""
    return float(np.degrees(np.arctan2(avf * 2 / np.sqrt(3), one)))


def measure_beat(beat: VentricularBeat, fs: float) -> QRST:
    """Measure one ventricular template."""
    x = twelve_leads(beat.rise - beat.fall).astype(np.float64)
    step = 1000 / fs
    on, off = round(beat.on_ms / step), round(beat.off_ms / step)
    qrs = x[:, on : off + 1]
    q, q_ms, r, r_ms, s, s_ms, r_prime, end = np.array([_waves(lead, step) for lead in qrs]).T
    last = x.shape[1] - 1
    t_from = min(off + round(50 / step), last - 2)
    t_to = min(round((beat.t_off_ms + 50) / step), last)
    t = x[:, t_from : max(t_to, t_from + 2)]
    peak = on + np.abs(qrs).argmax(axis=1)
    return QRST(
        q_mv=q,
        q_ms=q_ms,
        r_mv=r,
        r_ms=r_ms,
        s_mv=s,
        s_ms=s_ms,
        r_prime_mv=r_prime,
        end_mv=end,
        j_mv=x[:, min(off, last)],
        st_mv=x[:, min(off + round(60 / step), last)],
        t_max=np.maximum(t.max(axis=1), 0),
        t_min=np.minimum(t.min(axis=1), 0),
        peak_ms=peak * step,
        net=qrs.sum(axis=1) * step,
        t_net=t.sum(axis=1) * step,
        off_ms=beat.off_ms,
        t_off_ms=_t_end(x, t_from, step, beat.t_off_ms),
    )


def _t_end(x: Floats, start: int, step: float, nominal: float) -> float:
    """Where the T wave's size over all leads falls below 7 % of its peak."""
    size = np.sqrt((x[:, start:] ** 2).sum(axis=0))
    peak = int(size.argmax())
    if size[peak] < 0.08:
        return nominal
    below = np.flatnonzero(size[peak:] < 0.07 * size[peak])
    return (start + peak + int(below[0])) * step if len(below) else nominal


def _waves(lead: Floats, step: float) -> tuple[float, ...]:
    """(q, q_ms, r, r_ms, s, s_ms, r', end) of one lead's QRS. A QS complex is a Q and an S."""
    sign = (lead > LEAST_WAVE_MV).astype(np.int8) - (lead < -LEAST_WAVE_MV)
    cuts = [0, *(np.flatnonzero(sign[1:] != sign[:-1]) + 1).tolist(), len(lead)]
    parts = [
        (float(lead[k:end].max() if sign[k] > 0 else lead[k:end].min()), (end - k) * step)
        for k, end in pairwise(cuts)
        if sign[k] != 0
    ]
    q = q_ms = r = r_ms = s = s_ms = r_prime = 0.0
    for mv, ms in parts:
        if mv < 0 and r == 0:
            q, q_ms = max(q, -mv), q_ms + ms
        elif mv > 0 and s == 0:
            r, r_ms = max(r, mv), r_ms + ms
        elif mv < 0:
            s, s_ms = max(s, -mv), s_ms + ms
        else:
            r_prime = max(r_prime, mv - max(float(lead[-1]), 0.0))
    if r == 0:
        s, s_ms = q, q_ms
    end = parts[-1][0] if parts else 0.0
    return q, q_ms, r, r_ms, s, s_ms, r_prime, end


@dataclass(frozen=True, eq=False)
class PMeasures:
    """P wave: duration, axis, signed extremes (12,), and the negative end in V1 (mV x ms)."""

    duration_ms: float
    axis_deg: float
    mv: Floats
    v1_terminal: float
    v1_initial_mv: float


def measure_p(wave: PWave, fs: float) -> PMeasures:
    """Measure a P wave template."""
    x = twelve_leads(wave.mv).astype(np.float64)
    size = np.sqrt((x**2).sum(axis=0))
    shown = np.flatnonzero(size > 0.06 * size.max())
    extremes = x[np.arange(12), np.abs(x).argmax(axis=1)]
    v1 = x[6]
    negative = np.flatnonzero(v1 < -0.01)
    late = negative[negative > len(v1) // 3]
    terminal = float(-v1[late].min() * len(late) * 1000 / fs) if len(late) else 0.0
    return PMeasures(
        duration_ms=float((shown[-1] - shown[0] + 1) * 1000 / fs),
        axis_deg=axis_deg(float(x[0].sum()), float(x[5].sum())),
        mv=extremes,
        v1_terminal=terminal,
        v1_initial_mv=float(max(v1.max(), 0)),
    )
