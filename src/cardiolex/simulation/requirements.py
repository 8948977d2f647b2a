"""Causes that lead to a required condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.simulation.causes import Causes, Ectopy
from cardiolex.simulation.criteria.conditions import CONDITIONS
from cardiolex.simulation.mix import draw_causes, with_lvh
from cardiolex.simulation.rhythm_causes import draw_ectopy, with_fibrillation
from cardiolex.simulation.settings import Mix

Rng = np.random.Generator
Draw = Callable[[Causes, Rng], Causes]


def _plain(c: Causes) -> Causes:
    """The same person in sinus rhythm with normal conduction."""
    return replace(
        c,
        rhythm="sinus",
        av="normal",
        block="none",
        pathway=None,
        ectopy=Ectopy(),
        rate_bpm=float(np.clip(np.nan_to_num(c.rate_bpm, nan=72.0), 56, 96)),
    )


def _with(**changes: Any) -> Draw:
    return lambda c, rng: replace(_plain(c), **changes)


def _rhythm(kind: str, low: float, high: float) -> Draw:
    return lambda c, rng: replace(_plain(c), rhythm=kind, rate_bpm=float(rng.uniform(low, high)))


def _early(kind: str, pattern: str = "scattered") -> Draw:
    def draw(c: Causes, rng: Rng) -> Causes:
        burden = float(np.exp(rng.uniform(np.log(0.1), np.log(0.35))))
        ectopy = replace(draw_ectopy(rng, kind), pattern=pattern, burden=burden, blocked=False)  # type: ignore[arg-type]
        return replace(_plain(c), ectopy=ectopy, rate_bpm=float(rng.uniform(58, 90)))

    return draw


def _repolarization(kind: str, **more: Any) -> Draw:
    def draw(c: Causes, rng: Rng) -> Causes:
        severity = float(rng.uniform(0.2, 1))
        c = replace(_plain(c), infarct=None, ischemia=None, lvh=0.0, lv_strain=0.0, rvh=0.0)
        return replace(c, repolarization=kind, repolarization_severity=severity, **more)

    return draw


def _infarct(where: str | None = None, stage: str = "old") -> Draw:
    def draw(c: Causes, rng: Rng) -> Causes:
        place = where or str(rng.choice(["inferior", "anteroseptal", "anterolateral"]))
        size = float(rng.uniform(0.5, 1.15))
        return replace(_plain(c), infarct=place, infarct_stage=stage, infarct_size=size)

    return draw


def _ischemia(where: str) -> Draw:
    return lambda c, rng: replace(
        _plain(c),
        infarct=None,
        ischemia=where,
        ischemia_kind="both",
        ischemia_severity=float(rng.uniform(0.5, 1)),
    )


def _healthy(c: Causes, rng: Rng) -> Causes:
    hrv = float(np.clip(rng.lognormal(np.log(0.028), 0.6), 0.005, 0.08))
    rate = float(np.clip(rng.normal(70, 10), 56, 97))
    return Causes(c.age, c.sex, c.habitus, rate_bpm=rate, hrv=hrv)


def _right(c: Causes, rng: Rng) -> Causes:
    return replace(
        _plain(c), lvh=0.0, rvh=float(rng.uniform(0.6, 1.0)), rv_strain=0.5, turn_frontal=25.0
    )


def _path(c: Causes, rng: Rng) -> Causes:
    names = ["left lateral", "left posterior", "posteroseptal", "right free wall"]
    return replace(_plain(c), pathway=str(rng.choice(names)), pr_ms=float(rng.uniform(80, 112)))


WAYS: dict[str, Draw] = {
    "normal ecg": _healthy,
    "sinus rhythm": _healthy,
    "sinus bradycardia": _rhythm("sinus", 40, 54),
    "sinus tachycardia": _rhythm("sinus", 105, 140),
    "sinus arrhythmia": lambda c, rng: replace(
        _plain(c), hrv=float(rng.uniform(0.07, 0.17)), rate_bpm=float(rng.uniform(52, 85))
    ),
    "atrial fibrillation": lambda c, rng: with_fibrillation(_plain(c), rng),
    "atrial flutter": _rhythm("flutter", 60, 150),
    "supraventricular tachycardia": _rhythm("reentry", 150, 210),
    "atrial tachycardia": _rhythm("atrial tachycardia", 110, 180),
    "multifocal atrial tachycardia": _rhythm("multifocal", 104, 140),
    "junctional rhythm": _rhythm("junctional", 40, 75),
    "ectopic atrial rhythm": _rhythm("ectopic atrial", 55, 95),
    "idioventricular rhythm": _rhythm("idioventricular", 32, 90),
    "ventricular tachycardia": _rhythm("ventricular tachycardia", 130, 210),
    "sinus pause": _rhythm("sinus pause", 60, 85),
    "bradycardia": _rhythm("fibrillation", 36, 52),
    "tachycardia": _rhythm("fibrillation", 108, 165),
    "atrial paced rhythm": _rhythm("atrial paced", 60, 85),
    "ventricular paced rhythm": _rhythm("ventricular paced", 60, 85),
    "av dual paced rhythm": _rhythm("dual paced", 60, 85),
    "paced rhythm": _rhythm("ventricular paced", 60, 85),
    "premature atrial complex": _early("pac"),
    "premature ventricular complex": _early("pvc"),
    "junctional premature complex": _early("pjc"),
    "ventricular bigeminy": _early("pvc", "bigeminy"),
    "ventricular trigeminy": _early("pvc", "trigeminy"),
    "ventricular couplet": _early("pvc", "couplets"),
    "atrial bigeminy": _early("pac", "bigeminy"),
    "first degree av block": lambda c, rng: replace(
        _plain(c), av="first", pr_ms=float(208 + rng.gamma(2.0, 17))
    ),
    "second degree av block type i": _with(av="wenckebach"),
    "second degree av block type ii": _with(av="mobitz"),
    "2:1 av block": _with(av="2:1"),
    "third degree av block": _with(av="third"),
    "short pr interval": _with(pr_ms=100.0),
    "wolff-parkinson-white syndrome": _path,
    "complete right bundle branch block": _with(block="rbbb"),
    "incomplete right bundle branch block": _with(block="irbbb"),
    "complete left bundle branch block": _with(block="lbbb", infarct=None),
    "incomplete left bundle branch block": _with(block="ilbbb", infarct=None),
    "left anterior fascicular block": _with(block="lafb", infarct=None),
    "left posterior fascicular block": _with(block="lpfb", infarct=None),
    "bifascicular block": _with(block="rbbb+lafb", infarct=None),
    "intraventricular conduction delay": _with(block="ivcd"),
    "left axis deviation": _with(turn_frontal=-40.0),
    "right axis deviation": _with(turn_frontal=48.0),
    "extreme axis deviation": lambda c, rng: replace(
        _plain(c), turn_frontal=float(rng.uniform(-200, -145))
    ),
    "left ventricular hypertrophy": lambda c, rng: with_lvh(_plain(c), rng),
    "voltage criteria for left ventricular hypertrophy": lambda c, rng: with_lvh(_plain(c), rng),
    "right ventricular hypertrophy": _right,
    "left atrial enlargement": lambda c, rng: replace(_plain(c), lae=float(rng.uniform(0.35, 1.0))),
    "right atrial enlargement": _with(rae=0.9),
    "low qrs voltage": _with(voltage=0.4, lvh=0.0),
    "high qrs voltage": _with(voltage=1.9),
    "poor r wave progression": _with(turn_roll=-38.0),
    "abnormal qrs morphology": _with(block="ivcd"),
    "abnormal q wave": _infarct(),
    "st elevation": _infarct("anteroseptal", "acute"),
    "st depression": _ischemia("diffuse"),
    "t wave inversion": _ischemia("anterolateral"),
    "low amplitude t wave": _repolarization("low t"),
    "tall t wave": _repolarization("tall t"),
    "non-specific t wave changes": _repolarization("nonspecific t"),
    "non-specific st changes": _repolarization("nonspecific st"),
    "non-diagnostic t wave abnormalities": _repolarization("nonspecific t"),
    "myocardial ischemia": _ischemia("anterolateral"),
    "early repolarization": _repolarization("early repolarization", age=26.0, sex="male"),
    "pericarditis": _repolarization("pericarditis"),
    "digitalis effect": _repolarization("digitalis"),
    "long qt interval": _repolarization("long qt"),
    "short qt interval": _repolarization("short qt"),
    "hyperkalemia": _repolarization("hyperkalemia"),
    "hypokalemia": _repolarization("hypokalemia", u_wave=0.18),
    "hypocalcemia": _repolarization("hypocalcemia"),
    "prominent u wave": _with(u_wave=0.2),
    "acute myocardial infarction": _infarct(None, "acute"),
    "old myocardial infarction": _infarct(None, "old"),
    "limb lead reversal": _healthy,
}


def causes_for(rng: Rng, mix: Mix, condition: str) -> Causes:
    """Causes that probably, not surely, make the condition present."""
    if condition not in CONDITIONS:
        raise CardiolexError(
            f"unknown condition {condition!r}: choose one of cardiolex.simulation.CONDITIONS"
        )
    causes = draw_causes(rng, mix)
    if condition in WAYS:
        return WAYS[condition](causes, rng)
    where, kind = condition.split(" ", 1)
    way = (
        _ischemia(where)
        if kind == "ischemia"
        else _infarct(where, str(rng.choice(["old", "evolving"], p=[0.72, 0.28])))
    )
    return way(causes, rng)
