"""Q waves and infarction.

Fourth Universal Definition of Myocardial Infarction (Thygesen et al. 2018): Q of 30 ms and
0.1 mV or QS in two contiguous leads, any Q of 20 ms or QS in V2-V3, R of 40 ms with R/S >= 1 in
V1-V2; new ST elevation of 0.1 mV at J (V2-V3: 0.2 mV men, 0.25 mV men under 40, 0.15 mV women).
With an infarct Q waves of 24 ms, 0.07 mV and 0.18 of R suffice (the lower limits). An infarct that
shows nothing is unknown; criteria without an infarct are an abnormal Q wave.
"""

from __future__ import annotations

from cardiolex.simulation.criteria.facts import CONTIGUOUS, LEAD, Facts
from cardiolex.simulation.criteria.verdict import Verdict, above, adjacent, both, either

TERRITORY_LEADS = {
    "septal": ("V1", "V2"),
    "anterior": ("V2", "V3", "V4"),
    "anteroseptal": ("V1", "V2", "V3", "V4"),
    "anterolateral": ("V3", "V4", "V5", "V6", "I", "aVL"),
    "lateral": ("I", "aVL", "V5", "V6"),
    "inferior": ("II", "aVF", "III"),
    "inferolateral": ("II", "aVF", "III", "V6", "V5"),
    "posterior": ("V1", "V2"),
}
NEIGHBORS = {  # reported for one another
    "septal": ("anteroseptal", "anterior"),
    "anterior": ("anteroseptal", "anterolateral", "septal"),
    "anteroseptal": ("anterior", "septal"),
    "anterolateral": ("anterior", "lateral"),
    "lateral": ("anterolateral", "inferolateral"),
    "inferior": ("inferolateral",),
    "inferolateral": ("inferior", "lateral", "posterior"),
    "posterior": ("inferolateral",),
}


def pathologic_q(facts: Facts, lead: int) -> bool | None:
    """One lead's Q wave by the universal definition."""
    w = facts.qrst
    q, r = float(w.q_mv[lead]), float(w.r_mv[lead])
    wide = above(float(w.q_ms[lead]), 30, 24)
    deep = above(q, 0.1, 0.07)
    large = above(q / max(r, 0.02), 0.25, 0.18)
    if lead in (LEAD["V2"], LEAD["V3"]):
        return either(
            both(wide, deep, large), both(above(q, 0.06, 0.03), above(q / max(r, 0.02), 0.3, 0.1))
        )
    return both(wide, deep, large)


def st_elevated(facts: Facts, lead: int) -> bool | None:
    """One lead's ST elevation by the universal definition."""
    limit = 0.1
    if lead in (LEAD["V2"], LEAD["V3"]):
        limit = 0.15 if facts.causes.sex == "female" else (0.25 if facts.causes.age < 40 else 0.2)
    level = 0.5 * float(facts.qrst.j_mv[lead] + facts.qrst.st_mv[lead])
    return above(level, limit * 1.05, limit * 0.85)


def _states(facts: Facts, leads: tuple[str, ...], what: str) -> list[bool | None]:
    test = pathologic_q if what == "q" else st_elevated
    return [test(facts, LEAD[name]) for name in leads]


def q_waves(facts: Facts, verdict: Verdict) -> None:
    """Abnormal Q waves in any two contiguous leads (not III with aVF alone, not V1 with V2)."""
    if facts.wide_aberrant and "rbbb" not in facts.causes.block:
        return
    groups = ((4, 0, 11), (0, 10, 11), (1, 5), (7, 8, 9, 10))
    found: bool | None = False
    for leads in groups:
        found = either(found, adjacent([pathologic_q(facts, k) for k in leads]))
    if found is False and adjacent([pathologic_q(facts, k) for k in CONTIGUOUS[1]]):
        found = None
    verdict.say("abnormal q wave", found)


def infarction(facts: Facts, verdict: Verdict) -> None:
    """Myocardial infarction by territory and age."""
    where = facts.causes.infarct
    if where is None:
        _unexplained(facts, verdict)
        return
    leads = TERRITORY_LEADS[where]
    q = adjacent(_states(facts, leads, "q"))
    if where in ("anteroseptal", "anterior", "septal"):
        q = either(q, _lost_r(facts, where))
    if where == "posterior":
        q = _posterior(facts)
    if q is None:
        q = True  # with an infarct at hand the lower limits suffice
    acute = facts.causes.infarct_stage in ("acute", "evolving")
    elevated = adjacent(_states(facts, leads, "st")) if acute else False
    shown = either(q, elevated)
    hidden = facts.wide_aberrant and "rbbb" not in facts.causes.block
    state = None if shown is False or hidden else shown
    verdict.say(f"{where} myocardial infarction", state)
    for other in NEIGHBORS[where]:
        verdict.say(f"{other} myocardial infarction", None)
    verdict.say(
        "acute myocardial infarction",
        both(elevated, state) if elevated else (None if acute else False),
    )
    if facts.causes.infarct_stage == "old":
        verdict.say("old myocardial infarction", state)
    elif q is not False:
        verdict.say("old myocardial infarction", None)


def _lost_r(facts: Facts, where: str) -> bool | None:
    """R waves in V2-V4 that are absent, or shrink towards the left."""
    w = facts.qrst
    small = [above(0.2 - facts.lead(w.r_mv, n), 0.08, 0.02) for n in ("V2", "V3")]
    shrinks = above(facts.lead(w.r_mv, "V2") - facts.lead(w.r_mv, "V3"), 0.08, 0.02)
    return either(both(*small), shrinks)


def _posterior(facts: Facts) -> bool | None:
    w = facts.qrst
    ratio = [facts.lead(w.r_mv, n) / max(facts.lead(w.s_mv, n), 0.05) for n in ("V1", "V2")]
    broad = [above(facts.lead(w.r_ms, n), 38, 32) for n in ("V1", "V2")]
    one = both(above(ratio[0], 1.0, 0.8), broad[0])
    return either(one, both(above(ratio[1], 1.6, 1.1), broad[1]))


def _unexplained(facts: Facts, verdict: Verdict) -> None:
    """Q waves or ST elevation without an infarct: the diagnosis is left open."""
    hidden = facts.wide_aberrant and "rbbb" not in facts.causes.block
    for where in ("inferior", "lateral", "anteroseptal", "anterior"):
        shown = adjacent(_states(facts, TERRITORY_LEADS[where], "q"))
        if shown is True and not hidden:
            verdict.say(f"{where} myocardial infarction", None)
            verdict.say("old myocardial infarction", None)
    if facts.lead(facts.qrst.r_mv, "V3") < 0.2 and not hidden:
        verdict.say("anteroseptal myocardial infarction", None)
        verdict.say("anterior myocardial infarction", None)
