"""Supraventricular and ventricular rhythms without premature beats."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import numpy as np

from cardiolex.simulation.causes import Causes
from cardiolex.simulation.heart_rate import fibrillation_intervals, sinus_intervals
from cardiolex.simulation.schedule import AtrialBeat, Schedule, VentricularBeat

Maker = Callable[[Causes, np.random.Generator, float], Schedule]


def _rate(causes: Causes, low: float, high: float, rng: np.random.Generator) -> float:
    return float(rng.uniform(low, high)) if isnan(causes.rate_bpm) else causes.rate_bpm


def _starts(intervals: np.ndarray[tuple[int], np.dtype[np.float64]], until: float) -> list[float]:
    at = np.concatenate([[0.0], np.cumsum(intervals)])
    return [float(t) for t in at[at < until]]


def pr_seconds(causes: Causes, rate_bpm: float, rng: np.random.Generator) -> float:
    """PR interval: about 165 ms, longer in the old, shorter at high rates."""
    if not isnan(causes.pr_ms):
        return causes.pr_ms / 1000
    pr = rng.normal(164 + 0.3 * (causes.age - 50) - 0.25 * (rate_bpm - 70), 20)
    return float(np.clip(pr, 124, 194)) / 1000


def fibrillation(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Atrial fibrillation; with complete AV block the ventricles follow a regular escape."""
    rate = _rate(causes, 45, 165, rng)
    starts = _starts(fibrillation_intervals(rng, rate, seconds), seconds)
    beats = [VentricularBeat(t, "normal") for t in starts]
    return Schedule([], beats, waves="fibrillation")


def flutter(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Atrial flutter with 2:1, 3:1, 4:1 or variable conduction."""
    atrial = float(rng.uniform(230, 340))
    ratio = rng.choice([2, 3, 4, 0], p=[0.35, 0.1, 0.25, 0.3])
    cycle = 60 / atrial
    n = int(seconds / cycle) + 2
    steps = rng.choice([2, 3, 4, 5], n, p=[0.35, 0.25, 0.3, 0.1]) if ratio == 0 else [ratio] * n
    starts = _starts(np.asarray(steps) * cycle + rng.normal(0, 0.004, n), seconds)
    beats = [VentricularBeat(t, "normal") for t in starts]
    return Schedule([], beats, waves="flutter", wave_rate_bpm=atrial)


def reentry(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Supraventricular reentry tachycardia: regular, P hidden in or just after the QRS."""
    rate = _rate(causes, 145, 215, rng)
    starts = _starts(sinus_intervals(rng, rate, seconds, 0.006), seconds)
    beats = [VentricularBeat(t, "normal") for t in starts]
    after = float(rng.choice([0.03, 0.07, 0.11], p=[0.5, 0.3, 0.2]))
    return Schedule([AtrialBeat(t + after, "retro") for t in starts], beats)


def multifocal(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """At least three P-wave shapes, irregular, rate over 100."""
    rate = _rate(causes, 104, 140, rng)
    gaps = 60 / rate * np.clip(rng.normal(1, 0.17, int(seconds * rate / 40) + 4), 0.6, 1.6)
    out = Schedule()
    for t in _starts(gaps, seconds):
        kind = f"multi{rng.integers(4)}"
        pr = float(rng.uniform(0.11, 0.19))
        out.atria.append(AtrialBeat(t, kind))
        out.ventricles.append(VentricularBeat(t + pr, "normal", t))
    return out


def junctional(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Narrow regular beats from the AV junction; P before, within or after, inverted in II."""
    rate = _rate(causes, 38, 75, rng)
    starts = _starts(sinus_intervals(rng, rate, seconds, 0.012), seconds)
    where = rng.choice(["before", "hidden", "after"], p=[0.3, 0.45, 0.25])
    offset = {"before": -0.085, "hidden": 0.02, "after": 0.10}[str(where)]
    atria = [] if where == "hidden" else [AtrialBeat(t + offset, "retro") for t in starts]
    return Schedule(atria, [VentricularBeat(t, "normal") for t in starts])


def ventricular(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Idioventricular rhythm or ventricular tachycardia, by rate; P waves march through."""
    rate = _rate(causes, 35, 45, rng)
    starts = _starts(sinus_intervals(rng, rate, seconds, 0.012), seconds)
    beats = [VentricularBeat(t, "vt") for t in starts]
    atria = []
    if rng.random() < 0.5:
        own = sinus_intervals(rng, float(rng.uniform(60, 100)), seconds, 0.02)
        atria = [AtrialBeat(t + 0.1, "sinus") for t in _starts(own, seconds)]
    return Schedule(atria, beats)


def paced(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Atrial, ventricular or dual-chamber pacing at the basic rate or tracking the sinus."""
    rate = _rate(causes, 60, 82, rng)
    starts = _starts(sinus_intervals(rng, rate, seconds, 0.003), seconds)
    delay = float(rng.uniform(0.14, 0.20))
    out = Schedule()
    atrial_fibrillation = causes.rhythm == "ventricular paced" and rng.random() < 0.4
    tracked = causes.rhythm == "ventricular paced" and not atrial_fibrillation
    if atrial_fibrillation:
        out.waves = "fibrillation"
    for t in starts:
        if causes.rhythm != "ventricular paced":
            out.spikes.append((t, "atrium"))
            out.atria.append(AtrialBeat(t + 0.012, "paced"))
        elif tracked:
            out.atria.append(AtrialBeat(t, "sinus"))
        if causes.rhythm == "atrial paced":
            out.ventricles.append(VentricularBeat(t + delay + 0.03, "normal", t + 0.012))
        else:
            out.spikes.append((t + delay, "ventricle"))
            p_s = float("nan") if atrial_fibrillation else t
            out.ventricles.append(VentricularBeat(t + delay + 0.004, "paced", p_s))
    return out


RHYTHMS: dict[str, Maker] = {
    "fibrillation": fibrillation,
    "flutter": flutter,
    "reentry": reentry,
    "multifocal": multifocal,
    "junctional": junctional,
    "idioventricular": ventricular,
    "ventricular tachycardia": ventricular,
    "atrial paced": paced,
    "ventricular paced": paced,
    "dual paced": paced,
}
