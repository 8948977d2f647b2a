"""Reports as carts and physicians write them, true of the recording they describe.

A condition is asserted only if it is present (now and then with a hedge, as carts do), hedged
if it is unknown, and denied only if it is neither. The wordings are in `phrases.toml`; what is
decided here is which findings are mentioned, in which order, and in which style.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cardiolex.simulation.criteria.judge import HARMLESS
from cardiolex.simulation.phrases import PARTS, Dice, Phrases, phrases
from cardiolex.simulation.report_styles import STYLES, Style, laid_out
from cardiolex.simulation.shown_leads import Shown, leads_showing
from cardiolex.simulation.truth import Measurements

_MENTION: Final = 0.93  # a present finding is mentioned
_MENTION_UNKNOWN: Final = 0.45
_HEDGE_PRESENT: Final = 0.10
_HEDGEABLE: Final = frozenset({"chambers", "infarct", "repolarization", "intervals"})
_CONDUCTED: Final = frozenset({"atrial fibrillation", "atrial flutter"})
_ISCHEMIA_OF: Final = tuple(
    f"{region} ischemia"
    for region in (
        "anterior",
        "anteroseptal",
        "lateral",
        "anterolateral",
        "inferior",
        "inferolateral",
    )
)
_SPECIFIC: Final = {  # a general finding is mostly left unsaid beside a specific one
    "bradycardia": ("sinus bradycardia", "atrial fibrillation", "atrial flutter"),
    "tachycardia": (
        "sinus tachycardia",
        "atrial fibrillation",
        "atrial flutter",
        "supraventricular tachycardia",
        "atrial tachycardia",
        "multifocal atrial tachycardia",
        "ventricular tachycardia",
    ),
    "paced rhythm": ("atrial paced rhythm", "ventricular paced rhythm", "av dual paced rhythm"),
    "myocardial ischemia": _ISCHEMIA_OF,
}
_AGES: Final = frozenset({"acute myocardial infarction", "old myocardial infarction"})
_PROSE: Final = ("evidence of {x}", "findings of {x}", "shows {x}", "{x} noted", "{x} present")
_PROSE_RHYTHM: Final = ("the rhythm is {x}", "ECG shows {x}", "rhythm: {x}")


def write_report(
    rng: np.random.Generator,
    present: frozenset[str],
    unknown: frozenset[str],
    measurements: Measurements,
) -> str:
    """One report in a random style; names without wordings (superclasses) are passed over."""
    dice = Dice(rng)
    style = dice.pick(STYLES)
    return laid_out(statements(dice, style, present, unknown, measurements), style)


def statements(
    dice: Dice,
    style: Style,
    present: frozenset[str],
    unknown: frozenset[str],
    measurements: Measurements,
) -> list[str]:
    """The statements of a report in the carts' order, in natural case."""
    table = phrases()
    writer = _Writer(dice, style, table, present, unknown, measurements)
    told: list[str] = []
    for part in PARTS:
        told += writer.part(part)
    told = writer.joined(told)
    told += writer.numbers()
    told += writer.negatives()
    if dice.chance(style.verdict) or not told:
        told += writer.verdict()
    if dice.chance(0.12):
        told.append(dice.pick(table.remarks))
    return told


class _Writer:
    """What is known of one recording, and the dice that choose its wording."""

    def __init__(
        self,
        dice: Dice,
        style: Style,
        table: Phrases,
        present: frozenset[str],
        unknown: frozenset[str],
        measurements: Measurements,
    ) -> None:
        self.dice, self.style, self.table = dice, style, table
        self.present, self.unknown, self.measurements = present, unknown, measurements
        self.leading = 0  # how many statements at the start describe the rhythm and ectopy

    def part(self, part: str) -> list[str]:
        """Statements of one part of the report."""
        told = []
        for name in self.table.parts[part]:
            if name in self.present:
                sentence = self._present(name, part)
            elif name in self.unknown and self.dice.chance(_MENTION_UNKNOWN):
                sentence = self._uncertain(name)
            else:
                continue
            if sentence:
                told.append(sentence)
        if part in ("rhythm", "ectopy"):
            self.leading += len(told)
        return told

    def _present(self, name: str, part: str) -> str | None:
        if part != "rhythm" and not self.dice.chance(_MENTION):
            return None
        if name in _AGES and self._territories() and self.dice.chance(0.7):
            return None  # said with the territory
        specific = _SPECIFIC.get(name, ())
        if not self.present.isdisjoint(specific) and self.dice.chance(0.75):
            return None
        words = self._wording(name)
        if name in _CONDUCTED:
            words = self._with_response(words)
        if part == "infarct" and name not in _AGES and name != "abnormal q wave":
            words = self._with_age(words)
        elif part in _HEDGEABLE and self.dice.chance(_HEDGE_PRESENT):
            return self._hedged(words)
        return self._prose(words, part)

    def _uncertain(self, name: str) -> str:
        if name in self.table.borderline and self.dice.chance(0.6):
            return self.dice.pick(self.table.borderline[name])
        return self._hedged(self._wording(name, plain=True))

    def _wording(self, name: str, plain: bool = False) -> str:
        """A wording of the condition; `plain` ones fit a hedge."""
        choices = self.table.say[name]
        for _ in range(4):
            words = self.dice.pick_common(choices)
            if "{" in words:
                shown = leads_showing(name, self.measurements)
                if shown is None or ("{region}" in words and not shown.region):
                    continue
                words = words.format(leads=self._lead_list(shown), region=shown.region)
            if plain and _is_clause(words):
                continue
            return words
        return choices[0]

    def _lead_list(self, shown: Shown) -> str:
        return shown.ranges if self.dice.chance(0.6) else ", ".join(shown.leads)

    def _hedged(self, words: str) -> str:
        hedges = self.table.hedges["after" if self.dice.chance(0.3) else "before"]
        if _is_clause(words):
            return f"{words} (possible)"
        return self.dice.pick(hedges).format(x=words)

    def _prose(self, words: str, part: str) -> str:
        if _is_clause(words) or not self.dice.chance(self.style.prose):
            return words
        return self.dice.pick(_PROSE_RHYTHM if part == "rhythm" else _PROSE).format(x=words)

    def _territories(self) -> list[str]:
        names = self.table.parts["infarct"]
        return [n for n in names if n in self.present and n not in _AGES and n != "abnormal q wave"]

    def _with_age(self, words: str) -> str:
        acute, old = (n in self.present for n in sorted(_AGES))
        kind = "undetermined" if acute == old else "acute" if acute else "old"
        if acute and old:
            return words
        if kind == "undetermined" and self.dice.chance(0.5):
            return words
        return self.dice.pick(self.table.infarct_age[kind]).format(x=words)

    def _with_response(self, words: str) -> str:
        rate = self.measurements.heart_rate_bpm
        if not np.isfinite(rate) or _is_clause(words) or not self.dice.chance(0.55):
            return words
        kind = "rapid" if rate > 100 else "slow" if rate < 60 else "controlled"
        return f"{words} {self.dice.pick(self.table.ventricular_response[kind])}"

    def joined(self, told: list[str]) -> list[str]:
        """Rhythm and ectopy in one statement ("sinus rhythm with PVCs"), as many carts print."""
        count = self.leading
        joinable = 2 <= count <= 4 and not any(_is_clause(words) for words in told[:count])
        if not joinable or not self.dice.chance(self.style.joins):
            return told
        return [" with ".join(told[:count]), *told[count:]]

    def numbers(self) -> list[str]:
        """Measurements, as far as the tracing has them."""
        m = self.measurements
        offered = (
            (("heart rate {:.0f} bpm", "rate {:.0f} /min", "HR {:.0f}"), m.heart_rate_bpm),
            (("PR {:.0f} ms", "PR interval {:.0f} msec"), m.pr_ms),
            (("QRS {:.0f} ms", "QRS duration {:.0f} msec"), m.qrs_ms),
            (("QTc {:.0f} ms", "QTc interval {:.0f} msec"), m.qtc_ms),
            (("QRS axis {:.0f} degrees", "axis {:.0f}"), m.qrs_axis_deg),
        )
        return [
            self.dice.pick(forms).format(value)
            for forms, value in offered
            if np.isfinite(value) and self.dice.chance(self.style.numbers)
        ]

    def negatives(self) -> list[str]:
        """What carts and physicians say is not there; only where it is true."""
        excluded = self.present | self.unknown
        return [
            self.dice.pick(negative.say)
            for negative in self.table.negatives
            if self.dice.chance(self.style.negatives) and not negative.denies & excluded
        ]

    def verdict(self) -> list[str]:
        """The summary line."""
        known = [name for name in self.present if name in self.table.say]
        if "normal ecg" in self.present:
            return [self.dice.pick(self.table.say["normal ecg"])]
        if "normal ecg" in self.unknown:
            return [self.dice.pick(self.table.borderline["normal ecg"])]
        if not HARMLESS.issuperset(known):
            return [self.dice.pick(self.table.verdict["abnormal"])]
        if any(name in self.table.say for name in self.unknown):
            return [self.dice.pick(self.table.verdict["borderline"])]
        return [self.dice.pick(self.table.verdict["otherwise_normal"])] if known else []


def _is_clause(words: str) -> bool:
    """Whether the words are a clause with a verb, or shouted: no hedge or prose fits around."""
    return " is " in words or " are " in words or words.endswith((" seen", " noted", "***"))
