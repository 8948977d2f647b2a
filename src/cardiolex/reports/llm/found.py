"""What a model's answer about one statement comes to, after every check."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cardiolex.reports.entities_found import Assertion

Reason = Literal["unsupported", "denied by the text", "denied at verification", "no verdict"]
Objection = Callable[[str], Reason | None]
"""Why the statement's text does not let an entity count, or None."""


@dataclass(frozen=True)
class Named:
    """An entity in the model's words; `rules` is how the rules extractor reads it, if it does."""

    name: str
    assertion: Assertion
    rules: Assertion | None = None


@dataclass(frozen=True)
class Rejected:
    """An entity that the model named and that does not count."""

    name: str
    reason: Reason


@dataclass(frozen=True)
class Answered:
    """One statement: entities that count, entities that do not, and how it ended.

    `outcome` is "answered", or why there is no answer: "refused", "malformed", "not accepted",
    "unanswered", "withheld" (it speaks to a model), "too long".
    """

    named: tuple[Named, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    outcome: str = "answered"


def normal_name(words: str) -> str:
    """An entity as it is counted: lower case, single spaces, no marks at its ends.

    Marks at the start go for safety too: a spreadsheet would take "=..." for a formula.
    """
    printable = "".join(c if c.isprintable() else " " for c in words)
    return re.sub(r"\A[\W_]+|[^\w)%]+\Z", "", " ".join(printable.lower().split()))


def unique_names(names: list[str]) -> list[str]:
    """Normal names, each once, in order, without empty ones."""
    return list(dict.fromkeys(name for name in map(normal_name, names) if name))


def sift(names: list[str], objection: Objection) -> tuple[list[str], list[Rejected]]:
    """The names to which the text has no objection, and the others with it."""
    reasons = {name: objection(name) for name in names}
    rejected = [Rejected(name, reason) for name, reason in reasons.items() if reason is not None]
    return [name for name, reason in reasons.items() if reason is None], rejected
