"""Intraventricular conduction, axis and voltages.

Surawicz et al. 2009 (AHA/ACC/HRS recommendations III, Circulation 119:e235): durations and
shapes of bundle branch and fascicular blocks, axis limits; Goldberger: low voltage below
0.5 mV in all limb leads or 1.0 mV in all chest leads; poor R progression: R in V3 of 0.3 mV or
less (Zema & Kligfield 1979).
"""

from __future__ import annotations

import numpy as np

from cardiolex.simulation.criteria.facts import CHEST, LIMB, Facts
from cardiolex.simulation.criteria.verdict import Verdict, above, below, both, either


def blocks(facts: Facts, verdict: Verdict) -> None:
    """Bundle branch blocks, fascicular blocks, unspecific delay, pre-excitation."""
    if not facts.conducted:
        return
    parts = facts.causes.block.split("+")
    if "rbbb" in parts or "irbbb" in parts:
        _right(facts, verdict)
    else:
        _right_by_shape(facts, verdict)
    if "lbbb" in parts or "ilbbb" in parts:
        _left(facts, verdict)
    _fascicles(facts, verdict, parts)
    _delay(facts, verdict, parts)
    if facts.causes.pathway is not None:
        shown = both(below(facts.measurements.pr_ms, 118, 128), above(facts.qrs, 112, 100))
        verdict.say("wolff-parkinson-white syndrome", None if shown is False else shown)
    if verdict.has("complete right bundle branch block") and verdict.has(
        "left anterior fascicular block", "left posterior fascicular block"
    ):
        verdict.say("bifascicular block", True)


def _terminal_right(facts: Facts) -> bool | None:
    """An R' or broad R at the end of the QRS in V1 or V2."""
    w = facts.qrst
    late = max(facts.lead(w.r_prime_mv, "V1"), 0.7 * facts.lead(w.r_prime_mv, "V2"))
    if facts.lead(w.s_mv, "V1") < 0.05:
        late = max(late, facts.lead(w.r_mv, "V1"))
    return above(late, 0.05, 0.02)


def _right(facts: Facts, verdict: Verdict) -> None:
    shape = _terminal_right(facts)
    shape = None if shape is False else shape
    second = facts.lead(facts.qrst.r_prime_mv, "V1")
    lower = 0.0 < second < 0.6 * facts.lead(facts.qrst.r_mv, "V1")  # rSr' with a small r'
    complete = both(above(facts.qrs, 119, 112), shape, None if lower else True)
    verdict.say("complete right bundle branch block", complete)
    if complete is not True:
        verdict.say("incomplete right bundle branch block", shape if facts.qrs < 114 else None)


def _right_by_shape(facts: Facts, verdict: Verdict) -> None:
    """An RSR' in V1 without delay is often reported as incomplete block."""
    if facts.lead(facts.qrst.r_prime_mv, "V1") > 0.13 and facts.qrs < 120:
        verdict.say("incomplete right bundle branch block", None)


def _left(facts: Facts, verdict: Verdict) -> None:
    w = facts.qrst
    no_q = both(
        below(facts.lead(w.q_mv, "V6"), 0.07, 0.12), below(facts.lead(w.q_mv, "I"), 0.07, 0.12)
    )
    negative = facts.lead(w.net, "V1") < 0 < facts.lead(w.net, "V6")
    shape = both(no_q, True if negative else None)
    shape = None if shape is False else shape
    complete = both(above(facts.qrs, 122, 114), shape)
    verdict.say("complete left bundle branch block", complete)
    if complete is not True:
        incomplete = both(shape, above(facts.qrs, 96, 88)) if facts.qrs < 118 else None
        verdict.say(
            "incomplete left bundle branch block", None if incomplete is False else incomplete
        )


def _fascicles(facts: Facts, verdict: Verdict, parts: list[str]) -> None:
    w, axis = facts.qrst, facts.measurements.qrs_axis_deg
    if "lbbb" in parts or facts.causes.pathway is not None:
        if -95 < axis < -40:
            verdict.say("left anterior fascicular block", None)
        return
    small_q = above(facts.lead(w.q_mv, "aVL") + facts.lead(w.q_mv, "I"), 0.03, 0.0)
    rs = both(
        above(facts.lead(w.s_mv, "aVF") - facts.lead(w.r_mv, "aVF"), 0.1, -0.1),
        True if facts.lead(w.r_mv, "aVF") > 0.02 or facts.lead(w.r_mv, "III") > 0.02 else None,
    )
    limits = (-37.0, -24.0) if "lafb" in parts else (-45.0, -30.0)
    left = both(both(below(axis, *limits), above(axis, -110, -130)), small_q, rs)
    if "lafb" in parts:
        verdict.say("left anterior fascicular block", left or None)
    elif left is True:
        verdict.say("left anterior fascicular block", None)
    right = both(above(axis, 90, 80), above(facts.lead(w.s_mv, "aVL"), 0.15, 0.05))
    if "lpfb" in parts:
        verdict.say("left posterior fascicular block", right or None)
    elif right is True and facts.causes.rvh == 0 and facts.causes.age > 40:
        verdict.say("left posterior fascicular block", None)


def _delay(facts: Facts, verdict: Verdict, parts: list[str]) -> None:
    bundle = {"rbbb", "irbbb", "lbbb", "ilbbb"} & set(parts)
    if bundle or facts.causes.pathway is not None:
        return
    if "ivcd" in parts:
        wide = above(facts.qrs, 112, 104)
    else:
        wide = either(above(facts.qrs, 122, 112), False)
    verdict.say("intraventricular conduction delay", wide)


def axis(facts: Facts, verdict: Verdict) -> None:
    """Frontal QRS axis; not judged where the net area is near zero."""
    value = facts.measurements.qrs_axis_deg
    w = facts.qrst
    if np.hypot(facts.lead(w.net, "I"), facts.lead(w.net, "aVF")) < 3.0:
        verdict.doubt("left axis deviation", "right axis deviation")
        return
    if value >= -92:
        verdict.say("left axis deviation", below(value, -29, -15))
    verdict.say("right axis deviation", above(value, 98, 88))
    if value > 175 or value < -88:
        sure = -175 < value < -95
        verdict.say("extreme axis deviation", True if sure else None)
        if not sure:
            verdict.doubt("right axis deviation" if value > 0 else "left axis deviation")


def voltage(facts: Facts, verdict: Verdict) -> None:
    """Low and high QRS voltage, poor R progression."""
    w = facts.qrst
    swing = w.r_mv + np.maximum(w.s_mv, w.q_mv)
    limb, chest = float(swing[list(LIMB)].max()), float(swing[list(CHEST)].max())
    low = either(below(limb, 0.48, 0.62), below(chest, 0.98, 1.15))
    verdict.say("low qrs voltage", low)
    tall = max(facts.lead(w.r_mv, "V5"), facts.lead(w.r_mv, "V6"))
    total = tall + facts.lead(w.s_mv, "V1")
    verdict.say("high qrs voltage", either(above(tall, 3.0, 2.7), above(total, 4.5, 4.0)))
    excused = facts.wide_aberrant or facts.causes.rvh > 0
    progression = both(
        below(facts.lead(w.r_mv, "V3"), 0.28, 0.4),
        below(facts.lead(w.r_mv, "V3") / max(facts.lead(w.s_mv, "V3"), 0.05), 0.6, 1.0),
    )
    if excused:
        progression = None if progression else False
    verdict.say("poor r wave progression", progression)
