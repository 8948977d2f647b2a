"""From a heart and its schedule to measurements, beats and the facts for the criteria."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import nan

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.causes import Causes
from cardiolex.simulation.criteria.facts import Facts
from cardiolex.simulation.heart import Heart
from cardiolex.simulation.measure import QRST, PMeasures, axis_deg, measure_beat, measure_p
from cardiolex.simulation.schedule import Schedule, VentricularBeat
from cardiolex.simulation.truth import Beats, Measurements
from cardiolex.simulation.ventricular_beat import LEAD_IN_MS

Floats = NDArray[np.float64]
CONDUCTED = ("normal", "escape")


def within(schedule: Schedule, seconds: float) -> list[VentricularBeat]:
    """The beats whose QRS complex lies within the recording."""
    return [b for b in schedule.ventricles if 0.0 <= b.s <= seconds - 0.12]


def examine(heart: Heart, schedule: Schedule, seconds: float) -> tuple[Facts, Measurements, Beats]:
    """Measure the templates and the timing."""
    shown = within(schedule, seconds) or schedule.ventricles[:1]
    dominant = _dominant(shown)
    measured = {kind: measure_beat(heart.beat(kind), heart.fs) for kind in {b.kind for b in shown}}
    qrst = measured[dominant]
    p = _dominant_p(heart, schedule, seconds)
    pr = _pr_ms(shown, dominant, heart)
    measurements = _measurements(heart, shown, dominant, qrst, p, pr, schedule, seconds)
    facts = Facts(
        causes=heart.causes,
        schedule=schedule,
        measurements=measurements,
        qrst=qrst,
        p=p[1] if p else None,
        kinds=tuple(b.kind for b in shown),
        normal_rr_s=_basic_gaps(shown),
        blocked_p=_blocked(schedule, seconds),
        dominant=dominant,
    )
    return facts, measurements, _beats(heart, shown, measured, schedule, seconds)


def _dominant(shown: list[VentricularBeat]) -> str:
    kinds = Counter("normal" if b.kind in ("normal", "escape") else b.kind for b in shown)
    if "normal" in kinds and kinds["normal"] >= 2:
        return "normal" if any(b.kind == "normal" for b in shown) else "escape"
    return kinds.most_common(1)[0][0]


def _dominant_p(heart: Heart, schedule: Schedule, seconds: float) -> tuple[str, PMeasures] | None:
    kinds = Counter(a.kind for a in schedule.atria if 0 <= a.s <= seconds)
    if not kinds:
        return None
    kind = kinds.most_common(1)[0][0]
    return kind, measure_p(heart.p_wave(kind), heart.fs)


def _pr_ms(shown: list[VentricularBeat], dominant: str, heart: Heart) -> float:
    """The mean PR interval of the dominant beats, as the tracing shows it; NaN if it varies."""
    lead = heart.beat(dominant).on_ms - LEAD_IN_MS
    gaps = [(b.s - b.p_s) * 1000 + lead for b in shown if b.kind == dominant]
    gaps = [g for g in gaps if not np.isnan(g)]
    if not gaps or np.ptp(gaps) > 40:
        return nan
    return float(np.mean(gaps))


def _basic_gaps(shown: list[VentricularBeat]) -> Floats:
    gaps = [
        after.s - now.s
        for now, after in pairwise(shown)
        if now.kind in ("normal", "escape", "paced", "vt") and after.kind == now.kind
    ]
    return np.array(gaps, dtype=np.float64)


def _blocked(schedule: Schedule, seconds: float) -> int:
    conducted = {round(b.p_s, 4) for b in schedule.ventricles if not np.isnan(b.p_s)}
    inside = [a for a in schedule.atria if 0.1 < a.s < seconds - 0.5 and a.kind != "retro"]
    return sum(round(a.s, 4) not in conducted for a in inside)


def _measurements(
    heart: Heart,
    shown: list[VentricularBeat],
    dominant: str,
    qrst: QRST,
    p: tuple[str, PMeasures] | None,
    pr_ms: float,
    schedule: Schedule,
    seconds: float,
) -> Measurements:
    beat = heart.beat(dominant)
    rr = np.diff([b.s for b in shown]) * 1000
    if len(rr) == 0:
        rr = np.diff([b.s for b in schedule.ventricles]) * 1000
    rr_ms = float(rr.mean()) if len(rr) else nan
    qt = qrst.t_off_ms - beat.on_ms
    f32 = np.float32
    return Measurements(
        heart_rate_bpm=60000 / rr_ms,
        rr_ms=rr_ms,
        rr_sd_ms=float(rr.std()) if len(rr) else nan,
        pr_ms=pr_ms,
        p_ms=p[1].duration_ms if p else nan,
        qrs_ms=beat.qrs_ms,
        qt_ms=qt,
        qtc_ms=qt / float(np.sqrt(rr_ms / 1000)),
        p_axis_deg=p[1].axis_deg if p else nan,
        qrs_axis_deg=axis_deg(float(qrst.net[0]), float(qrst.net[5])),
        t_axis_deg=axis_deg(float(qrst.t_net[0]), float(qrst.t_net[5])),
        atrial_rate_bpm=_atrial_rate(schedule, seconds),
        q_mv=qrst.q_mv.astype(f32),
        q_ms=qrst.q_ms.astype(f32),
        r_mv=qrst.r_mv.astype(f32),
        r_ms=qrst.r_ms.astype(f32),
        s_mv=qrst.s_mv.astype(f32),
        s_ms=qrst.s_ms.astype(f32),
        r_prime_mv=qrst.r_prime_mv.astype(f32),
        st_mv=qrst.st_mv.astype(f32),
        j_mv=qrst.j_mv.astype(f32),
        t_mv=qrst.t_mv.astype(f32),
        p_mv=p[1].mv.astype(f32) if p else np.full(12, nan, dtype=f32),
    )


def _atrial_rate(schedule: Schedule, seconds: float) -> float:
    if schedule.waves == "flutter":
        return schedule.wave_rate_bpm
    at = [a.s for a in schedule.atria if 0 <= a.s <= seconds and a.kind != "retro"]
    return 60 / float(np.median(np.diff(at))) if len(at) > 2 else nan


def _beats(
    heart: Heart,
    shown: list[VentricularBeat],
    measured: dict[str, QRST],
    schedule: Schedule,
    seconds: float,
) -> Beats:
    start = np.array([b.s for b in shown]) - LEAD_IN_MS / 1000
    templates = [heart.beat(b.kind) for b in shown]
    p_on = np.array([b.p_s for b in shown])
    lengths = {k: w.duration_ms for k, w in heart.p_waves.items()}
    kind_at = {round(a.s, 4): a.kind for a in schedule.atria}
    p_ms = [lengths.get(kind_at.get(round(t, 4), ""), nan) for t in p_on]
    later = _later_ms(schedule, heart)
    shift = np.array([later[round(b.s, 4)] for b in shown])
    peaks = np.array([measured[b.kind].peak_ms for b in shown])
    inside = [a for a in schedule.atria if 0 <= a.s <= seconds]
    return Beats(
        kind=tuple(b.kind for b in shown),
        qrs_on_s=start + np.array([t.on_ms for t in templates]) / 1000,
        qrs_off_s=start + np.array([t.off_ms for t in templates]) / 1000,
        p_on_s=p_on,
        p_off_s=p_on + np.array(p_ms) / 1000,
        t_on_s=start + (np.array([t.t_on_ms for t in templates]) + shift) / 1000,
        t_off_s=start + (np.array([measured[b.kind].t_off_ms for b in shown]) + shift) / 1000,
        r_peak_s=start[:, None] + peaks / 1000,
        p_wave_s=np.array([a.s + lengths.get(a.kind, 90.0) / 2000 for a in inside]),
    )


def _later_ms(schedule: Schedule, heart: Heart) -> dict[float, float]:
    """How much later than in the template each beat recovers."""
    out: dict[float, float] = {}
    previous: float | None = None
    for beat in schedule.ventricles:
        rr = heart.rr_ms if previous is None else (beat.s - previous) * 1000
        out[round(beat.s, 4)] = heart.recovery_shift_ms(rr)
        previous = beat.s
    return out


def mean_rr_ms(schedule: Schedule, causes: Causes) -> float:
    """The mean RR interval that the heart has adapted to."""
    at = [b.s for b in schedule.ventricles]
    if len(at) > 2:
        return float(np.mean(np.diff(at))) * 1000
    return 60000 / causes.rate_bpm if causes.rate_bpm > 0 else 850.0
