"""How reports of carts and clinics look: case, separators, how much is said besides findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Style:
    """How one kind of report looks."""

    case: str  # "sentence" | "upper" | "lower"
    separator: str
    end: str = ""
    joins: float = 0.0  # probability of "sinus rhythm with PVCs with first degree A-V block"
    prose: float = 0.0  # probability of a sentence around a finding
    numbers: float = 0.15  # probability of each measurement
    negatives: float = 0.08  # probability of each true negative
    verdict: float = 0.8
    british: bool = False


STYLES: Final = (
    Style("sentence", ". ", ".", joins=0.35),  # MIMIC-IV-ECG, statements joined
    Style("sentence", "\n", "", joins=0.35, numbers=0.3),
    Style("sentence", "; ", "", joins=0.2),
    Style("upper", ". ", ".", joins=0.3),
    Style("upper", " - ", "", joins=0.2, numbers=0.3),
    Style("lower", ". ", ".", verdict=0.5, british=True),  # PTB-XL
    Style("sentence", ", ", ".", verdict=0.6, negatives=0.12),
    Style("sentence", ". ", ".", prose=0.6, negatives=0.2, numbers=0.3, verdict=0.4),
    Style("lower", ", ", "", numbers=0.05, negatives=0.03, verdict=0.3),
)


def laid_out(told: Sequence[str], style: Style) -> str:
    """The statements `told` as one text in `style`."""
    if style.separator == " - ":
        told = [words.strip("- ") for words in told]
    if style.british:
        told = [words.replace("ischemi", "ischaemi") for words in told]
    if style.case == "upper":
        told = [words.upper() for words in told]
    elif style.case == "lower":
        told = [words.lower() for words in told]
    elif style.separator in (". ", "\n"):
        told = [words[:1].upper() + words[1:] for words in told]
    else:
        told = [told[0][:1].upper() + told[0][1:], *told[1:]] if told else []
    return style.separator.join(told) + style.end
