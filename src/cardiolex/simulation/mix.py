"""The prior over causes: who comes to have an ECG taken, and what is the matter with them."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from typing import Any

import numpy as np

from cardiolex.simulation import rhythm_causes
from cardiolex.simulation.causes import Causes, Ectopy
from cardiolex.simulation.frequencies import (
    BLOCKS,
    PROBLEMS,
    REPOLARIZATION,
    TERRITORIES,
    pick,
)
from cardiolex.simulation.rhythm_causes import draw_ectopy, with_fibrillation
from cardiolex.simulation.settings import Mix

Rng = np.random.Generator

SECOND = (
    "rate",
    "ectopy",
    "av",
    "block",
    "hypertrophy",
    "infarct",
    "ischemia",
    "repolarization",
    "form",
)


def draw_causes(rng: Rng, mix: Mix) -> Causes:
    """One person's causes."""
    problem = pick(rng, PROBLEMS, mix)
    causes = _person(rng, problem)
    causes = _LEADING[problem](causes, rng, mix)
    if problem != "healthy" and rng.random() < (0.45 if mix == "balanced" else 0.25):
        second = str(rng.choice(SECOND))
        if second != problem:
            causes = _LEADING[second](causes, rng, mix)
    return _companions(causes, rng, mix)


def _person(rng: Rng, problem: str) -> Causes:
    """Age (years), sex, habitus and resting rate; the ill are older."""
    old = problem not in ("healthy", "rate", "form", "repolarization")
    age = rng.normal(66, 13) if old else rng.normal(46, 19)
    return Causes(
        age=float(np.clip(np.round(age), 16, 95)),
        sex="male" if rng.random() < (0.56 if old else 0.5) else "female",
        habitus=float(rng.normal(0, 1)),
        rate_bpm=float(np.clip(rng.normal(71, 11), 52, 99)),
        hrv=float(np.clip(rng.lognormal(np.log(0.032), 0.65), 0.005, 0.11)),
    )


def _healthy(c: Causes, rng: Rng, mix: Mix) -> Causes:
    young = c.age < 45
    return replace(c, hrv=c.hrv * (1.2 if young else 0.75))


def _block(c: Causes, rng: Rng, mix: Mix) -> Causes:
    kind = pick(rng, BLOCKS, mix)
    if kind == "wpw":
        names = [
            "left lateral",
            "left posterior",
            "posteroseptal",
            "right free wall",
            "anteroseptal",
        ]
        path = str(rng.choice(names))
        return replace(c, pathway=path, pr_ms=float(rng.uniform(78, 122)), age=min(c.age, 60.0))
    if kind == "irbbb":
        c = replace(c, age=float(np.clip(rng.normal(48, 19), 16, 90)))
    return replace(c, block=kind)


def _hypertrophy(c: Causes, rng: Rng, mix: Mix) -> Causes:
    if rng.random() < (0.75 if mix == "balanced" else 0.93):
        return with_lvh(c, rng)
    severity = float(rng.uniform(0.35, 1.0))
    strain = severity * float(rng.uniform(0.3, 1.1))
    turn = float(rng.uniform(10, 40))
    return replace(
        c,
        rvh=severity,
        rv_strain=strain,
        turn_frontal=turn,
        rae=float(rng.uniform(0.2, 1)) if rng.random() < 0.45 else 0.0,
    )


def with_lvh(c: Causes, rng: Rng) -> Causes:
    """Left ventricular hypertrophy, often with strain, a large left atrium and a left axis."""
    severity = float(rng.uniform(0.15, 0.95))
    strain = severity * float(rng.uniform(0.3, 1.5)) if rng.random() < 0.65 else 0.0
    large = float(rng.uniform(0.25, 1.0)) if rng.random() < 0.6 else 0.0
    turn = float(rng.normal(-10, 13)) if isnan(c.turn_frontal) else c.turn_frontal
    return replace(c, lvh=severity, lv_strain=strain, lae=large, turn_frontal=turn)


def _infarct(c: Causes, rng: Rng, mix: Mix) -> Causes:
    stage = rng.choice(
        ["old", "evolving", "acute"],
        p=[0.55, 0.22, 0.23] if mix == "balanced" else [0.78, 0.15, 0.07],
    )
    where = pick(rng, TERRITORIES, mix)
    if (
        c.block == "none"
        and c.pathway is None
        and rng.random() < (0.35 if "ant" in where else 0.15)
    ):
        c = replace(
            c,
            block=str(rng.choice(["lafb", "rbbb", "ivcd", "rbbb+lafb"], p=[0.55, 0.15, 0.2, 0.1])),
        )
    return replace(
        c,
        infarct=where,
        infarct_stage=str(stage),
        infarct_size=float(rng.uniform(0.5, 1.15)),
        sex="male" if rng.random() < 0.66 else "female",
        age=max(c.age, 36.0),
    )


def _ischemia(c: Causes, rng: Rng, mix: Mix) -> Causes:
    names = [
        "anterior",
        "anteroseptal",
        "anterolateral",
        "lateral",
        "inferior",
        "inferolateral",
        "diffuse",
    ]
    where = rng.choice(names, p=[0.12, 0.12, 0.22, 0.12, 0.14, 0.12, 0.16])
    kind = rng.choice(["st depression", "t inversion", "both"], p=[0.42, 0.28, 0.3])
    return replace(
        c,
        ischemia=str(where),
        ischemia_kind=str(kind),
        ischemia_severity=float(rng.uniform(0.15, 1.0)),
    )


def _repolarization(c: Causes, rng: Rng, mix: Mix) -> Causes:
    kind = pick(rng, REPOLARIZATION, mix)
    c = replace(c, repolarization=kind, repolarization_severity=float(rng.uniform(0, 1)))
    if kind == "early repolarization":
        return replace(
            c, age=float(rng.uniform(16, 50)), sex="male" if rng.random() < 0.8 else "female"
        )
    if kind == "digitalis":
        c = replace(c, age=max(c.age, 55.0))
        if rng.random() < 0.5:
            return replace(c, rhythm="fibrillation", rate_bpm=float(rng.uniform(50, 95)))
    if kind == "hypokalemia":
        return replace(c, u_wave=float(rng.uniform(0.06, 0.25)))
    return c


def _form(c: Causes, rng: Rng, mix: Mix) -> Causes:
    kind = rng.choice(
        ["low", "high", "left", "right", "extreme", "u", "progression", "atrium", "right atrium"]
    )
    changes: dict[str, dict[str, Any]] = {
        "low": {"voltage": float(rng.uniform(0.3, 0.55))},
        "high": {"voltage": float(rng.uniform(1.5, 2.1)), "age": float(rng.uniform(16, 45))},
        "left": {"turn_frontal": float(rng.uniform(-50, -22))},
        "right": {"turn_frontal": float(rng.uniform(26, 55))},
        "extreme": {"turn_frontal": float(rng.uniform(-200, -140))},
        "u": {"u_wave": float(rng.uniform(0.08, 0.22))},
        "progression": {"turn_roll": float(rng.uniform(-50, -25))},
        "atrium": {"lae": float(rng.uniform(0.3, 1.0))},
        "right atrium": {"rae": float(rng.uniform(0.3, 1.0))},
    }
    return replace(c, **changes[str(kind)])


_LEADING = {
    "healthy": _healthy,
    "rate": rhythm_causes.rate,
    "rhythm": rhythm_causes.rhythm,
    "paced": rhythm_causes.paced,
    "ectopy": rhythm_causes.ectopy,
    "av": rhythm_causes.av,
    "block": _block,
    "hypertrophy": _hypertrophy,
    "infarct": _infarct,
    "ischemia": _ischemia,
    "repolarization": _repolarization,
    "form": _form,
}


def _companions(c: Causes, rng: Rng, mix: Mix) -> Causes:
    """What tends to come along: with age, and with one another."""
    old = float(np.clip((c.age - 45) / 40, 0, 1))
    ill = (
        c.block != "none"
        or c.infarct is not None
        or c.lvh > 0
        or c.rhythm != "sinus"
        or c.ectopy.kind != "none"
    )
    chance = 0.16 * old if ill else 0.0
    c = _muscle_companions(c, rng, mix, chance)
    c = _rhythm_companions(c, rng, chance)
    if rng.random() < chance * 1.2 and c.lae == 0:
        c = replace(c, lae=float(rng.uniform(0.3, 1.0)))
    if ill and rng.random() < 0.1 and c.rhythm == "sinus":
        slow = rng.random() < 0.5
        c = replace(c, rate_bpm=float(rng.uniform(42, 58) if slow else rng.uniform(100, 125)))
    return _consistent(c)


def _muscle_companions(c: Causes, rng: Rng, mix: Mix, chance: float) -> Causes:
    """Hypertrophy, infarct, block, ischaemia or flat T waves beside what is there."""
    if rng.random() < chance and c.lvh == 0 and c.infarct is None:
        c = with_lvh(c, rng)
    if rng.random() < chance * 0.7 and c.infarct is None and c.pathway is None:
        c = _infarct(c, rng, mix)
    if rng.random() < chance and c.block == "none" and c.pathway is None:
        c = _block(c, rng, mix) if rng.random() < 0.9 else c
    if rng.random() < chance and c.repolarization is None and c.ischemia is None:
        if rng.random() < 0.5:
            return _ischemia(c, rng, mix)
        severity = float(rng.random())
        return replace(c, repolarization="nonspecific t", repolarization_severity=severity)
    return c


def _rhythm_companions(c: Causes, rng: Rng, chance: float) -> Causes:
    """Premature beats, a long PR interval or fibrillation beside what is there."""
    beats = c.ectopy.kind == "none" and c.rhythm in ("sinus", "fibrillation")
    if rng.random() < chance * 0.7 and beats:
        c = replace(c, ectopy=draw_ectopy(rng, "pvc" if c.rhythm == "fibrillation" else None))
    conducted = c.rhythm == "sinus" and c.av == "normal" and c.pathway is None
    if rng.random() < chance * 0.5 and conducted:
        c = replace(c, av="first", pr_ms=float(200 + rng.gamma(2.0, 20)))
    plain = c.rhythm == "sinus" and c.av == "normal" and c.pathway is None
    if rng.random() < chance * 0.7 and plain and c.ectopy.kind == "none":
        c = with_fibrillation(c, rng)
    return c


def _consistent(c: Causes) -> Causes:
    """Causes that exclude one another."""
    if c.ectopy.kind != "none" and c.rhythm not in ("sinus", "fibrillation", "ventricular paced"):
        c = replace(c, ectopy=Ectopy())
    if c.ectopy.kind != "none" and c.av not in ("normal", "first"):
        c = replace(c, ectopy=Ectopy())
    if c.ectopy.kind in ("pac", "pjc") and c.rhythm != "sinus":
        c = replace(c, ectopy=Ectopy())
    if c.rhythm not in ("sinus", "sinus pause", "ectopic atrial"):
        c = replace(c, av="normal", pathway=None)
    if c.pathway is not None:
        c = replace(c, block="none", av="normal")
    return c
