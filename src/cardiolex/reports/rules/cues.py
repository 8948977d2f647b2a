"""A group of words that says whether a finding is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardiolex.errors import CardiolexError

_ALLOWED = {
    "means": ("present", "absent", "uncertain", "unsaid"),
    "stands": ("before", "after", "either"),
    "reaches": ("next", "list", "rest", "report"),
}


@dataclass(frozen=True)
class Cue:
    """What a cue means, on which side of the finding it stands, and how far it reaches.

    `unsaid`: the text names the finding and says nothing of it. `only`: heeded for these findings
    alone. `trails`: stands after findings whose names end so. `after`: heeded only behind one of
    these words, in the same sentence.
    """

    means: str
    stands: str
    reaches: str
    only: tuple[str, ...] = ()
    trails: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any], source: str) -> "Cue":
        """Read one [[cue]] table; CardiolexError names the file and the wrong value."""
        for field, allowed in _ALLOWED.items():
            if row.get(field) not in allowed:
                raise CardiolexError(
                    f"{source}: a [[cue]] has {field} = {row.get(field)!r}. "
                    f"Allowed are {', '.join(allowed)}."
                )
        only, trails, after = (tuple(row.get(field, ())) for field in ("only", "trails", "after"))
        return cls(row["means"], row["stands"], row["reaches"], only, trails, after)
