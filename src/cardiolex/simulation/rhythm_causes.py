"""The prior over rhythms: rate, rhythm, pacing, premature beats, AV conduction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cardiolex.simulation.causes import Causes, Ectopy
from cardiolex.simulation.frequencies import RHYTHMS, pick
from cardiolex.simulation.settings import Mix

Rng = np.random.Generator


def rate(c: Causes, rng: Rng, mix: Mix) -> Causes:
    """Too slow, too fast or irregular sinus rhythm."""
    kind = rng.choice(["slow", "fast", "irregular"])
    if kind == "slow":
        return replace(c, rate_bpm=float(rng.uniform(38, 57)), hrv=c.hrv * 1.3)
    if kind == "fast":
        return replace(c, rate_bpm=float(rng.uniform(101, 145)), hrv=c.hrv * 0.4)
    age = float(np.clip(rng.normal(40, 18), 16, 85))
    return replace(
        c, hrv=float(rng.uniform(0.07, 0.18)), rate_bpm=float(rng.uniform(50, 85)), age=age
    )


def rhythm(c: Causes, rng: Rng, mix: Mix) -> Causes:
    """A rhythm other than sinus rhythm."""
    kind = pick(rng, RHYTHMS, mix)
    if kind == "fibrillation":
        return with_fibrillation(c, rng)
    rates = {
        "reentry": float(rng.uniform(140, 215)),
        "atrial tachycardia": float(rng.uniform(105, 190)),
        "multifocal": float(rng.uniform(102, 145)),
        "junctional": float(rng.choice([rng.uniform(38, 60), rng.uniform(60, 105)], p=[0.7, 0.3])),
        "idioventricular": float(rng.choice([rng.uniform(30, 45), rng.uniform(50, 100)])),
        "ventricular tachycardia": float(rng.uniform(120, 220)),
        "ectopic atrial": float(rng.uniform(52, 98)),
    }
    chosen = rates.get(kind, c.rate_bpm)
    return replace(c, rhythm=kind, rate_bpm=chosen, hrv=min(c.hrv, 0.03))


def with_fibrillation(c: Causes, rng: Rng) -> Causes:
    """Atrial fibrillation: mostly of the old, with digitalis or tired T waves in every second."""
    c = replace(
        c,
        rhythm="fibrillation",
        rate_bpm=float(np.clip(rng.lognormal(np.log(88), 0.3), 40, 175)),
        age=float(np.clip(rng.normal(72, 11), 30, 95)),
    )
    if c.repolarization is None and rng.random() < 0.5:
        kinds = ["nonspecific t", "low t", "nonspecific st", "digitalis", "inverted t"]
        kind = str(rng.choice(kinds, p=[0.36, 0.18, 0.18, 0.18, 0.1]))
        c = replace(c, repolarization=kind, repolarization_severity=float(rng.random()))
    return c


def paced(c: Causes, rng: Rng, mix: Mix) -> Causes:
    """A pacemaker."""
    kind = rng.choice(["ventricular paced", "dual paced", "atrial paced"], p=[0.5, 0.3, 0.2])
    return replace(c, rhythm=str(kind), rate_bpm=float(rng.uniform(58, 90)), age=max(c.age, 45.0))


def draw_ectopy(rng: Rng, kind: str | None = None) -> Ectopy:
    """Premature beats of one kind and pattern."""
    kind = kind or str(rng.choice(["pvc", "pac", "pjc"], p=[0.5, 0.43, 0.07]))
    patterns = ["scattered", "bigeminy", "trigeminy", "couplets", "runs"]
    weights = [0.58, 0.15, 0.1, 0.12, 0.05] if kind == "pvc" else [0.84, 0.1, 0.06, 0.0, 0.0]
    return Ectopy(
        kind=kind,  # type: ignore[arg-type]
        burden=float(np.exp(rng.uniform(np.log(0.06), np.log(0.35)))),
        pattern=str(rng.choice(patterns, p=weights)),  # type: ignore[arg-type]
        multifocal=bool(rng.random() < 0.22),
        aberrant=bool(rng.random() < 0.15),
        blocked=bool(rng.random() < 0.12),
        interpolated=bool(rng.random() < 0.12),
    )


def ectopy(c: Causes, rng: Rng, mix: Mix) -> Causes:
    """Premature beats."""
    kind = str(rng.choice(["pvc", "pac", "pjc"], p=[0.44, 0.5, 0.06]))
    return replace(c, ectopy=draw_ectopy(rng, kind), rate_bpm=min(c.rate_bpm, 98.0))


def av(c: Causes, rng: Rng, mix: Mix) -> Causes:
    """A PR interval too long or too short, or blocked P waves."""
    kind = rng.choice(
        ["first", "wenckebach", "mobitz", "2:1", "third", "short"],
        p=[0.36, 0.14, 0.1, 0.1, 0.18, 0.12]
        if mix == "balanced"
        else [0.85, 0.03, 0.01, 0.02, 0.03, 0.06],
    )
    if kind == "short":
        return replace(c, pr_ms=float(rng.uniform(88, 118)))
    if kind == "first":
        return replace(c, av="first", pr_ms=float(203 + rng.gamma(2.0, 17)))
    return replace(c, av=str(kind), pr_ms=float(rng.uniform(140, 230)))
