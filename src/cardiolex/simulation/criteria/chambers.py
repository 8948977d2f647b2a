"""Hypertrophy and atrial enlargement.

Sokolow & Lyon 1949: S(V1) + max R(V5, V6) >= 3.5 mV, R(aVL) >= 1.1 mV; Cornell (Casale 1985):
R(aVL) + S(V3) > 2.8 mV in men, 2.0 mV in women; Gubner 1943: R(I) + S(III) >= 2.5 mV; Peguero
2017 (JACC 69:1694): deepest S + S(V4) >= 2.8 mV in men, 2.3 mV in women; Romhilt & Estes 1968
points: 4 probable, 5 definite; Hancock et al. 2009 (AHA/ACC/HRS recommendations V,
Circulation 119:e251) for right
ventricular hypertrophy; Morris 1964: terminal P force in V1 of 40 mm ms or more.
"""

from __future__ import annotations

from cardiolex.simulation.criteria.facts import Facts
from cardiolex.simulation.criteria.verdict import Verdict, above, both, either


def lvh_voltage_ratio(facts: Facts) -> float:
    """The largest of the voltage criteria, as a multiple of its limit."""
    w = facts.qrst
    sokolow = facts.lead(w.s_mv, "V1") + max(facts.lead(w.r_mv, "V5"), facts.lead(w.r_mv, "V6"))
    cornell = facts.lead(w.r_mv, "aVL") + facts.lead(w.s_mv, "V3")
    limit = 2.8 if facts.causes.sex == "male" else 2.0
    return max(sokolow / 3.5, cornell / limit, facts.lead(w.r_mv, "aVL") / 1.1)


def lvh_other_ratio(facts: Facts) -> float:
    """The larger of the criteria of Gubner and of Peguero, as a multiple of its limit."""
    w = facts.qrst
    gubner = facts.lead(w.r_mv, "I") + facts.lead(w.s_mv, "III")
    peguero = float(w.s_mv.max()) + facts.lead(w.s_mv, "V4")
    return max(gubner / 2.5, peguero / (2.8 if facts.causes.sex == "male" else 2.3))


def romhilt_estes(facts: Facts) -> int:
    """Points of Romhilt and Estes (intrinsicoid deflection left out)."""
    w = facts.qrst
    limb = max(float(w.r_mv[:6].max()), float(w.s_mv[:6].max())) >= 2.0
    chest = max(facts.lead(w.s_mv, "V1"), facts.lead(w.s_mv, "V2")) >= 3.0
    chest = chest or max(facts.lead(w.r_mv, "V5"), facts.lead(w.r_mv, "V6")) >= 3.0
    points = 3 if limb or chest else 0
    strain = facts.lead(w.t_mv, "V6") < -0.05 and facts.lead(w.st_mv, "V6") <= -0.02
    points += 3 if strain else 0
    points += 3 if facts.p is not None and facts.p.v1_terminal >= 4.0 else 0
    points += 2 if facts.measurements.qrs_axis_deg <= -30 else 0
    points += 1 if facts.qrs >= 90 else 0
    return points


def ventricles(facts: Facts, verdict: Verdict) -> None:
    """Left and right ventricular hypertrophy."""
    if not facts.conducted or facts.causes.pathway is not None:
        return
    cause = facts.causes.lvh >= 0.15
    ratio = lvh_voltage_ratio(facts)
    if facts.causes.block in ("lbbb", "ilbbb"):
        if cause or ratio > 1.1:
            verdict.doubt(
                "left ventricular hypertrophy", "voltage criteria for left ventricular hypertrophy"
            )
        return
    met = above(ratio, 1.0, 0.93) if cause else above(ratio, 1.3, 1.1)
    points = romhilt_estes(facts)
    verdict.say("voltage criteria for left ventricular hypertrophy", met)
    if cause:
        slight = above(max(ratio, lvh_other_ratio(facts)), 1.0, 0.0)
        state = either(slight, True if points >= 5 else None)
    else:
        state = None if points >= 5 or ratio > 1.3 else False
    verdict.say("left ventricular hypertrophy", state)
    _right(facts, verdict)


def _right(facts: Facts, verdict: Verdict) -> None:
    w = facts.qrst
    r, s = facts.lead(w.r_mv, "V1"), facts.lead(w.s_mv, "V1")
    r = max(r, facts.lead(w.r_prime_mv, "V1"))
    tall = both(above(r, 0.6, 0.4), above(r / max(s, 0.05), 1.0, 0.7))
    deep = above(r + max(facts.lead(w.s_mv, "V5"), facts.lead(w.s_mv, "V6")), 1.05, 0.85)
    axis = above(facts.measurements.qrs_axis_deg, 100, 88)
    shown = either(tall, both(axis, deep))
    if facts.causes.rvh >= 0.25:
        verdict.say("right ventricular hypertrophy", shown or None)
    elif shown is True and "rbbb" not in facts.causes.block:
        verdict.say("right ventricular hypertrophy", None)


def atria(facts: Facts, verdict: Verdict) -> None:
    """Left and right atrial enlargement, from the P wave of sinus rhythm."""
    if facts.p is None or facts.causes.rhythm not in ("sinus", "sinus pause"):
        return
    terminal, duration = facts.p.v1_terminal, facts.p.duration_ms
    if facts.causes.lae < 0.25:
        left = None if terminal >= 5.0 or duration >= 132 else False
    else:
        left = either(above(terminal, 4.0, 0.0), above(duration, 122, 0))
    verdict.say("left atrial enlargement", left)
    p = facts.p
    right = either(above(float(p.mv[1]), 0.25, 0.215), above(p.v1_initial_mv, 0.15, 0.12))
    if facts.causes.rae < 0.25:
        right = None if right is True else False
    elif right is False:
        right = None
    verdict.say("right atrial enlargement", right)
