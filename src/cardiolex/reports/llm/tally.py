"""Counts of a run over reports: what was read, answered, found and rejected, under which names."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cardiolex.reports.llm.found import Answered
from cardiolex.reports.tables.seen import Seen

LISTED = 50_000
"""Different names that are counted apart in each table; further ones are counted together."""
FURTHER = "(further names)"
_COUNTERS = ("mentions", "uncertain", "rejected", "outcomes", "mapped", "unmapped",
             "disagreements")  # fmt: skip
_EXAMPLES = ("rejected_in", "left_out")


@dataclass
class Tally:
    """Grows with every statement. `mentions` and `uncertain` hold name -> mentions in all texts.

    `rejected`: (name, reason) -> mentions. `mapped`: (name, the vocabulary's name) -> mentions;
    `unmapped`: name -> mentions. `disagreements`: (name, what the model says, what the rules read)
    -> mentions. `rejected_in`, `left_out`: the first statement with a rejected (name, reason), and
    with an outcome other than "answered".
    """

    texts: int = 0
    statements: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    uncertain: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    mapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    disagreements: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rejected_in: dict[tuple[str, str], str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    _seen: Seen = field(default_factory=Seen)

    @property
    def distinct(self) -> int:
        """Different statements."""
        return len(self._seen)

    def add(
        self,
        answered: Answered,
        times: int,
        statement: str,
        target: Callable[[str], str | None],
    ) -> None:
        """Count a statement (as its identity) that stands `times` times in the reports.

        `target` gives the vocabulary's name for a name.
        """
        self._seen.add(statement)
        self.statements += times
        self.outcomes[answered.outcome] += times
        if answered.outcome != "answered":
            self.left_out.setdefault(answered.outcome, statement[:200])
        for named in answered.named:
            name, said = named.name, named.assertion
            _add(self.uncertain if said == "uncertain" else self.mentions, name, times)
            found = target(name)
            if found is None:
                _add(self.unmapped, name, times)
            else:
                _add(self.mapped, (name, found), times)
            if named.rules is not None and named.rules != said:
                _add(self.disagreements, (name, said, named.rules), times)
        for rejected in answered.rejected:
            key = rejected.name, rejected.reason
            if _add(self.rejected, key, times) == key:
                self.rejected_in.setdefault(key, statement[:200])

    # ------------------------------------------------------------ parts of a run
    def merge(self, other: "Tally") -> None:
        """Add the counts of the part that follows."""
        self.texts += other.texts
        self.statements += other.statements
        self._seen.update(other._seen)
        for name in _COUNTERS:
            counts = getattr(self, name)
            for key, times in getattr(other, name).items():
                _add(counts, key, times)
        for outcome, statement in other.left_out.items():
            self.left_out.setdefault(outcome, statement)
        for key, statement in other.rejected_in.items():
            if key in self.rejected:
                self.rejected_in.setdefault(key, statement)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "texts": self.texts,
            "statements": self.statements,
            "seen": self._seen.to_hex(),
            **{name: list(getattr(self, name).items()) for name in _COUNTERS},
            **{name: list(getattr(self, name).items()) for name in _EXAMPLES},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Tally":
        """The inverse of `to_dict`, from JSON."""
        counters: dict[str, Any] = {name: Counter(_keyed(content[name])) for name in _COUNTERS}
        examples: dict[str, Any] = {name: _keyed(content[name]) for name in _EXAMPLES}
        return cls(
            content["texts"],
            content["statements"],
            **counters,
            **examples,
            _seen=Seen.from_hex(content["seen"]),
        )

    # ------------------------------------------------------------ tables
    def certain_names(self) -> dict[str, int]:
        """Names stated with certainty at least once -> mentions, the most frequent first."""
        return dict(sorted(self.mentions.items(), key=lambda item: (-item[1], item[0])))

    def stages(self) -> list[tuple[str, int]]:
        """SuPreME's first stages (raw mentions, unique, after the filters) and what fell out."""
        kept = {*self.mentions, *self.uncertain}
        fallen = {name for name, _ in self.rejected}
        by_reason: Counter[str] = Counter()
        for (_, reason), times in self.rejected.items():
            by_reason[reason] += times
        return [
            ("raw mentions", self.mentions.total() + self.uncertain.total() + by_reason.total()),
            ("unique raw", len(kept | fallen)),
            *((f"mentions rejected: {reason}", n) for reason, n in sorted(by_reason.items())),
            ("unique with support", len(kept)),
            ("uncertain mentions", self.uncertain.total()),
            ("mentions that the rules read otherwise", self.disagreements.total()),
            ("after certainty filter", len(self.mentions)),
            ("unique names mapped to the vocabulary", len({name for name, _ in self.mapped})),
            ("unique names not in the vocabulary", len(self.unmapped)),
        ]


def _add(counts: Counter[Any], key: Any, times: int) -> Any:
    """Count a key, or the rest of its kind where the table is full; returns what was counted."""
    if key not in counts and len(counts) >= LISTED:
        key = (FURTHER, *key[1:]) if isinstance(key, tuple) else FURTHER
    counts[key] += times
    return key


def _keyed(rows: list[list[Any]]) -> dict[Any, Any]:
    """Pairs from JSON as a dictionary: a list as key was a tuple."""
    return {tuple(key) if isinstance(key, list) else key: value for key, value in rows}
