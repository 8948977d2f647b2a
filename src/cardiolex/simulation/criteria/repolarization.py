"""ST segment, T wave, QT interval, and the causes that are read from them.

Rautaharju et al. 2009 (AHA/ACC/HRS recommendations IV, Circulation 119:e241): T inverted at
-0.1 mV, low below 10 % of R; QTc of 450/460 ms (men/women) long, 390 ms short, here with a wide
border up to 475 and down to 350 ms; Wagner et al. 2009 (part VI) for ST depression of 0.05 mV;
Macfarlane et al. 2015 for early repolarization (end of notch or slur at 0.1 mV).
"""

from __future__ import annotations

from cardiolex.simulation.criteria.facts import CONTIGUOUS, LEAD, Facts
from cardiolex.simulation.criteria.infarction import st_elevated
from cardiolex.simulation.criteria.verdict import Verdict, above, adjacent, below, either

ISCHEMIA_LEADS = {
    "anterior": ("V2", "V3", "V4"),
    "anteroseptal": ("V1", "V2", "V3", "V4"),
    "anterolateral": ("V3", "V4", "V5", "V6", "I", "aVL"),
    "lateral": ("V5", "V6", "I", "aVL"),
    "inferior": ("II", "aVF", "III"),
    "inferolateral": ("II", "aVF", "V5", "V6"),
    "diffuse": ("II", "V4", "V5", "V6"),
}
TERRITORIES = tuple(name for name in ISCHEMIA_LEADS if name != "diffuse")


def st_segment(facts: Facts, verdict: Verdict) -> None:
    """ST elevation and depression in two contiguous leads."""
    raised: bool | None = False
    sunk: bool | None = False
    for leads in CONTIGUOUS:
        raised = either(raised, adjacent([st_elevated(facts, k) for k in leads]))
        low = [below(float(facts.qrst.st_mv[k]), -0.06, -0.045) for k in leads]
        sunk = either(sunk, adjacent(low))
    if facts.wide_aberrant:
        raised, sunk = (None if raised else False), (None if sunk else False)
    c = facts.causes
    if (
        raised is not False
        and c.infarct is None
        and c.repolarization not in ("pericarditis", "early repolarization")
    ):
        raised = None if raised else False  # the J point of a healthy heart
    verdict.say("st elevation", raised)
    verdict.say("st depression", sunk)
    specific = verdict.has("st elevation", "st depression") or _specific(facts)
    slight = [
        adjacent([below(float(facts.qrst.st_mv[k]), -0.034, -0.022) for k in leads])
        for leads in CONTIGUOUS
    ]
    shown = either(*slight)
    if specific or facts.wide_aberrant:
        shown = None if shown else False
    verdict.say("non-specific st changes", shown)


def _specific(facts: Facts) -> bool:
    c = facts.causes
    return bool(c.infarct or c.ischemia or c.lv_strain > 0.2 or c.rv_strain > 0.2)


def t_wave(facts: Facts, verdict: Verdict) -> None:
    """Inverted, low, tall and unspecifically changed T waves."""
    w = facts.qrst
    deep = adjacent([below(float(w.t_min[k]), -0.11, -0.075) for k in (7, 8, 9, 10, 11)])
    aside = adjacent([below(float(w.t_min[k]), -0.11, -0.075) for k in (0, 10, 11)])
    down = adjacent([below(float(w.t_min[k]), -0.11, -0.075) for k in (1, 5)])
    if facts.lead(w.r_mv, "aVL") > 0.5:
        aside = either(aside, adjacent([below(float(w.t_min[k]), -0.11, -0.075) for k in (4, 0)]))
    inverted = either(deep, aside, down)
    if w.t_min[7] < -0.15:
        inverted = either(inverted, None)
    young_woman = facts.causes.age < 30
    if facts.wide_aberrant or (young_woman and inverted):
        inverted = None if inverted else False
    verdict.say("t wave inversion", inverted)
    tall_limb = above(float(max(w.t_max[:6])), 0.78, 0.6)
    tall = either(tall_limb, above(float(max(w.t_max[6:])), 1.3, 1.08))
    verdict.say("tall t wave", None if tall and facts.wide_aberrant else tall)
    _unspecific(facts, verdict, inverted)


def _unspecific(facts: Facts, verdict: Verdict, inverted: bool | None) -> None:
    """Low, flat or slightly inverted T waves in leads with a good R wave."""
    w = facts.qrst
    leads = [LEAD[n] for n in ("I", "II", "V3", "V4", "V5", "V6")]
    flat = sum(1 for k in leads if w.r_mv[k] > 0.4 and abs(w.t_mv[k]) < 0.1 * w.r_mv[k])
    small = sum(1 for k in leads if w.r_mv[k] > 0.4 and -0.1 < w.t_mv[k] < 0.125 * w.r_mv[k])
    low = above(float(flat), 3, 2)
    odd = above(float(small), 3, 2)
    if inverted is True:
        odd = either(odd, None)
    if facts.wide_aberrant:
        low, odd = (None if low else False), (None if odd else False)
    elif _specific(facts) or inverted is True:
        odd = None if odd is not False else False
    verdict.say("low amplitude t wave", low)
    verdict.say("non-diagnostic t wave abnormalities", odd)
    verdict.say("non-specific t wave changes", odd)


def ischemia(facts: Facts, verdict: Verdict) -> None:
    """ST depression or T inversion in the ischemic territory.

    A territory whose leads show neither is free of ischemia. One that shows them is left open
    unless it is the cause's own: the signs may have another cause, and territories share leads.
    """
    where = facts.causes.ischemia
    signs = {name: _ischemic(facts, leads) for name, leads in ISCHEMIA_LEADS.items()}
    for name in TERRITORIES:
        shown = signs[name]
        own = name == where or (where == "diffuse" and name == "lateral" and not shown)
        if own and not facts.wide_aberrant:
            verdict.say(f"{name} ischemia", shown or None)
        elif not facts.wide_aberrant and (shown or (shown is None and where is not None)):
            verdict.say(f"{name} ischemia", None)
    if where is not None:
        shown = signs[where]
        verdict.say("myocardial ischemia", None if facts.wide_aberrant else (shown or None))
    elif not facts.wide_aberrant and True in signs.values():
        verdict.say("myocardial ischemia", None)


def _ischemic(facts: Facts, leads: tuple[str, ...]) -> bool | None:
    w, places = facts.qrst, [LEAD[name] for name in leads]
    sunk = adjacent([below(float(w.st_mv[k]), -0.055, -0.035) for k in places])
    return either(sunk, adjacent([below(float(w.t_min[k]), -0.1, -0.06) for k in places]))


def qt_interval(facts: Facts, verdict: Verdict) -> None:
    """Long and short QT (Bazett), not judged in wide complexes."""
    qtc = facts.measurements.qtc_ms
    women = 8 if facts.causes.sex == "female" else 0
    long, short = above(qtc, 475 + women, 452 + women), below(qtc, 350, 365)
    if (
        facts.qrs >= 120
        or facts.causes.rhythm == "fibrillation"
        or facts.measurements.heart_rate_bpm > 110
    ):
        long, short = (None if long else False), (None if short else False)
    verdict.say("long qt interval", long)
    verdict.say("short qt interval", short)


def causes(facts: Facts, verdict: Verdict) -> None:
    """Named causes: present where their sign shows, else unknown."""
    c, w = facts.causes, facts.qrst
    kind = c.repolarization
    raised = sum(st_elevated(facts, k) is not False for k in (0, 1, 4, 5, 8, 9, 10, 11))
    j_wave = either(
        adjacent([above(float(w.j_mv[k]), 0.1, 0.06) for k in (1, 5, 2)]),
        adjacent([above(float(w.j_mv[k]), 0.1, 0.06) for k in (4, 0, 10, 11)]),
        adjacent([above(float(w.j_mv[k]), 0.15, 0.1) for k in (8, 9, 10)]),
    )
    tests: dict[str, tuple[str, bool | None]] = {
        "early repolarization": ("early repolarization", j_wave),
        "pericarditis": ("pericarditis", above(float(raised), 4, 2)),
        "digitalis": (
            "digitalis effect",
            below(float(w.st_mv[[0, 1, 10, 11]].min()), -0.04, -0.02),
        ),
        "hyperkalemia": ("hyperkalemia", above(float(w.t_max[6:].max()), 0.8, 0.5)),
        "hypokalemia": ("hypokalemia", above(c.u_wave, 0.1, 0.05)),
        "hypocalcemia": ("hypocalcemia", above(facts.measurements.qtc_ms, 465, 440)),
    }
    if kind in tests:
        name, shown = tests[kind]
        verdict.say(name, None if facts.wide_aberrant and shown else (shown or None))
    elif j_wave and "st elevation" in verdict.unknown and c.infarct is None:
        verdict.say("early repolarization", None)
    verdict.say("prominent u wave", above(c.u_wave, 0.12, 0.07))
