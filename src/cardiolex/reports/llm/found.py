"""What a model's answer about one statement comes to, after every check."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cardiolex.reports.entities_found import Assertion

Reason = Literal["unsupported", "denied at verification", "no verdict"]
IsSupported = Callable[[str], bool]
"""Whether the statement's text supports an entity."""


@dataclass(frozen=True)
class Named:
    """An entity in the model's words."""

    name: str
    assertion: Assertion


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
