"""Rhythm, premature beats and AV conduction.

Rates: sinus bradycardia below 60/min, tachycardia above 100/min (AHA/ACC/HRS statement codes,
Mason et al. 2007, Circulation 115:1325); sinus arrhythmia: PP varies by more than 120-160 ms
(Minnesota code and usual texts); PR above 200 ms first degree block, below 120 ms short.
"""

from __future__ import annotations

import numpy as np

from cardiolex.simulation.criteria.facts import Facts
from cardiolex.simulation.criteria.verdict import Verdict, above, below

NAMES = {
    "fibrillation": "atrial fibrillation",
    "flutter": "atrial flutter",
    "reentry": "supraventricular tachycardia",
    "atrial tachycardia": "atrial tachycardia",
    "multifocal": "multifocal atrial tachycardia",
    "junctional": "junctional rhythm",
    "ectopic atrial": "ectopic atrial rhythm",
    "idioventricular": "idioventricular rhythm",
    "ventricular tachycardia": "ventricular tachycardia",
    "atrial paced": "atrial paced rhythm",
    "ventricular paced": "ventricular paced rhythm",
    "dual paced": "av dual paced rhythm",
}


def rhythm(facts: Facts, verdict: Verdict) -> None:
    """The basic rhythm."""
    kind = facts.causes.rhythm
    if kind in ("sinus", "sinus pause"):
        _sinus(facts, verdict)
    else:
        verdict.say(NAMES[kind], True)
    if "paced" in kind:
        verdict.say("paced rhythm", True)
        if facts.schedule.waves == "fibrillation":
            verdict.say("atrial fibrillation", None)
        elif kind == "ventricular paced":
            verdict.doubt("sinus rhythm")
    if kind == "atrial tachycardia":
        verdict.doubt("supraventricular tachycardia")
    if kind == "reentry":
        verdict.doubt("atrial tachycardia", "sinus tachycardia")
    rate = facts.measurements.heart_rate_bpm
    verdict.say("bradycardia", below(rate, 55, 60.5))
    verdict.say("tachycardia", above(rate, 103, 98))
    verdict.say("sinus pause", facts.schedule.pause and _longest(facts) > 1.9)


def _longest(facts: Facts) -> float:
    return float(facts.normal_rr_s.max()) if len(facts.normal_rr_s) else 0.0


def _sinus(facts: Facts, verdict: Verdict) -> None:
    rate = facts.measurements.atrial_rate_bpm
    if np.isnan(rate):
        rate = facts.measurements.heart_rate_bpm
    slow, fast = below(rate, 55, 60.5), above(rate, 103, 98)
    verdict.say("sinus bradycardia", slow)
    verdict.say("sinus tachycardia", fast)
    irregular: bool | None = False
    gaps = facts.normal_rr_s
    if facts.causes.av in ("normal", "first") and len(gaps) >= 4 and not facts.schedule.pause:
        spread = float(gaps.max() - gaps.min()) / float(gaps.mean()) * 0.5 + 0.5 * float(
            gaps.max() - gaps.min()
        )
        irregular = above(spread, 0.2, 0.14)
    verdict.say("sinus arrhythmia", irregular)
    state = None if irregular or slow is not False or fast is not False else True
    if slow is True or fast is True:
        state = False
    if facts.causes.av == "third" and state:
        state = None
    verdict.say("sinus rhythm", state)


def ectopy(facts: Facts, verdict: Verdict) -> None:
    """Premature beats that lie within the recording, and their patterns."""
    early = {"pac": ("pac", "pac aberrant"), "pvc": ("pvc", "pvc2"), "pjc": ("pjc",)}
    verdict.say("premature atrial complex", facts.count(*early["pac"]) > 0)
    verdict.say("premature ventricular complex", facts.count(*early["pvc"]) > 0)
    verdict.say("junctional premature complex", facts.count("pjc") > 0)
    if facts.count("pjc"):
        verdict.doubt("premature atrial complex")
    if facts.causes.ectopy.blocked and facts.causes.ectopy.kind == "pac" and facts.blocked_p:
        verdict.say("premature atrial complex", None)
    letters = "".join(
        "v" if k in early["pvc"] else "a" if k in early["pac"] else "n" for k in facts.kinds
    )
    _pattern(letters, "nvnvnv", "ventricular bigeminy", verdict)
    _pattern(letters, "nanana", "atrial bigeminy", verdict)
    _pattern(letters, "nnvnnv", "ventricular trigeminy", verdict)
    verdict.say("ventricular couplet", "nvvn" in letters)
    verdict.say("ventricular tachycardia", None if "vvv" in letters else False)


def _pattern(letters: str, pattern: str, name: str, verdict: Verdict) -> None:
    verdict.say(name, True if pattern in letters else (None if pattern[:4] in letters else False))


def av_conduction(facts: Facts, verdict: Verdict) -> None:
    """AV block by degree, and short PR."""
    av = facts.causes.av
    drops = facts.blocked_p > 0
    pr = facts.measurements.pr_ms
    plain = facts.pr_known and facts.causes.rhythm in ("sinus", "ectopic atrial", "sinus pause")
    if plain and av in ("normal", "first"):
        verdict.say("first degree av block", above(pr, 207, 196))
        verdict.say("short pr interval", below(pr, 113, 122))
    if facts.causes.rhythm in ("fibrillation", "flutter"):
        return
    named = {
        "wenckebach": "second degree av block type i",
        "mobitz": "second degree av block type ii",
        "2:1": "2:1 av block",
        "third": "third degree av block",
    }
    if av in named:
        verdict.say(named[av], True if drops or av == "third" else None)
        if av == "2:1":
            verdict.doubt("second degree av block type i", "second degree av block type ii")
        if av != "third" and facts.measurements.pr_ms > 200:
            verdict.doubt("first degree av block")
