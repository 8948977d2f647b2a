"""What a model is asked with for a condition: its name, a short phrase, or a description.

MERL (arXiv 2403.06659) asks with descriptions that a language model wrote from clinical sources,
SuPreME (arXiv 2502.19668) with short phrases, K-MERL with names. The phrases in `prompts.toml` are
our own words; they name synonyms, the signs on paper and true subtypes, and nothing that the
condition is not.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from cardiolex.errors import CardiolexError
from cardiolex.reports.queries import query_text
from cardiolex.reports.vocabulary import Vocabulary

FILE = Path(__file__).with_name("prompts.toml")
Style = Literal["name", "concise", "enriched"]
Asking = Literal["name", "concise", "enriched", "ensemble"]
"""A style, or several wordings whose answers are averaged."""
MOST_SYNONYMS = 3


@dataclass(frozen=True)
class Phrases:
    """Wordings of one condition."""

    concise: str
    """A clinician's usual short phrase."""
    enriched: tuple[str, ...]
    """Synonyms, signs and subtypes, without the name itself."""


def prompt(condition: str, vocabulary: Vocabulary, style: Style = "name") -> str:
    """The text that is embedded for `condition` (any wording that `vocabulary` knows).

    "name": `query_text`, as K-MERL. "concise": a short phrase, as SuPreME. "enriched": the name and
    what describes it, separated by commas, as MERL. A condition without phrases of its own is
    asked by name in every style, so any wording may be asked.
    """
    if style not in get_args(Style):
        raise CardiolexError(f"prompt style {style!r}: choose one of {', '.join(get_args(Style))}")
    name = query_text(condition, vocabulary)
    known = phrases().get(name)
    if known is None or style == "name":
        return name
    return known.concise if style == "concise" else ", ".join((name, *known.enriched))


def wordings(condition: str, vocabulary: Vocabulary, asking: Asking = "name") -> tuple[str, ...]:
    """The texts whose logits are averaged for `condition`: one of a style, several of an ensemble.

    "ensemble": name, short phrase, description and the first synonyms of the vocabulary, each once.
    What is asked of one condition never depends on the others.
    """
    if asking != "ensemble":
        return (prompt(condition, vocabulary, asking),)
    name = vocabulary.resolve(condition)
    synonyms = () if name is None else vocabulary[name].english[1 : 1 + MOST_SYNONYMS]
    styles = (prompt(condition, vocabulary, style) for style in get_args(Style))
    return tuple(dict.fromkeys([*styles, *synonyms]))


@lru_cache(maxsize=1)
def phrases() -> dict[str, Phrases]:
    """Canonical name -> wordings, as `prompts.toml` has them."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Phrases(row.get("concise", name), tuple(row["enriched"]))
        for name, row in content["condition"].items()
    }


@lru_cache(maxsize=1)
def benchmark_conditions() -> tuple[str, ...]:
    """Canonical names of the classes of MERL's six evaluation sets, each once."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(content["benchmark_conditions"])
