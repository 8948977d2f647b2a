"""All criteria in the order in which they build on one another."""

from __future__ import annotations

from cardiolex.simulation.criteria import chambers, infarction, qrs, repolarization, rhythm
from cardiolex.simulation.criteria.facts import Facts
from cardiolex.simulation.criteria.verdict import Verdict

HARMLESS = frozenset(
    {
        "sinus rhythm",
        "sinus bradycardia",
        "sinus tachycardia",
        "sinus arrhythmia",
        "bradycardia",
        "tachycardia",
    }
)
"""Findings that a normal ECG may have."""

COMMON_BORDERLINE = HARMLESS | {
    "left axis deviation",
    "right axis deviation",
    "voltage criteria for left ventricular hypertrophy",
    "high qrs voltage",
    "early repolarization",
    "short pr interval",
    "long qt interval",
    "tall t wave",
    "st elevation",
    "low qrs voltage",
    "prominent u wave",
    "first degree av block",
    "abnormal qrs morphology",
    "left atrial enlargement",
}
"""Findings whose borderline state does not put a normal ECG in doubt."""


def judge(facts: Facts) -> Verdict:
    """Every condition's state."""
    verdict = Verdict()
    rhythm.rhythm(facts, verdict)
    rhythm.ectopy(facts, verdict)
    rhythm.av_conduction(facts, verdict)
    qrs.blocks(facts, verdict)
    if facts.conducted:
        qrs.axis(facts, verdict)
        qrs.voltage(facts, verdict)
        chambers.ventricles(facts, verdict)
        chambers.atria(facts, verdict)
        infarction.q_waves(facts, verdict)
        repolarization.st_segment(facts, verdict)
        repolarization.t_wave(facts, verdict)
        repolarization.qt_interval(facts, verdict)
        repolarization.causes(facts, verdict)
    infarction.infarction(facts, verdict)
    repolarization.ischemia(facts, verdict)
    if not facts.conducted:
        _not_judgeable(verdict)
    _abnormal_qrs(facts, verdict)
    _normal(verdict)
    return verdict


def _not_judgeable(verdict: Verdict) -> None:
    """Behind ventricular beats most of the form stays hidden."""
    names = ("left axis deviation", "right axis deviation", "extreme axis deviation")
    verdict.doubt(*names, "left ventricular hypertrophy", "abnormal q wave", "st depression")
    verdict.doubt("st elevation", "t wave inversion", "intraventricular conduction delay")


def _abnormal_qrs(facts: Facts, verdict: Verdict) -> None:
    clear = (
        "complete right bundle branch block",
        "complete left bundle branch block",
        "intraventricular conduction delay",
        "wolff-parkinson-white syndrome",
        "abnormal q wave",
        "poor r wave progression",
        "low qrs voltage",
    )
    slight = (
        "incomplete right bundle branch block",
        "incomplete left bundle branch block",
        "left anterior fascicular block",
        "left posterior fascicular block",
    )
    if verdict.has(*clear) and facts.conducted:
        verdict.say("abnormal qrs morphology", True)
    elif verdict.has(*slight) or set(clear) & verdict.unknown or not facts.conducted:
        verdict.say("abnormal qrs morphology", None)


def _normal(verdict: Verdict) -> None:
    if verdict.present - HARMLESS:
        return
    doubtful = verdict.unknown - COMMON_BORDERLINE
    verdict.say("normal ecg", None if doubtful else True)
