"""Counts of a run over reports: what was read, asked, found and rejected, and under which names."""

from collections import Counter
from dataclasses import dataclass, field

from cardiolex.reports.llm.found import Answered


@dataclass
class Tally:
    """Grows with every statement. `mentions` and `uncertain` hold name -> mentions in all texts.

    `disagreements`: (name, what the model says, what the rules read) -> mentions.
    """

    texts: int = 0
    statements: int = 0
    distinct: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    uncertain: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    disagreements: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, answered: Answered, times: int = 1) -> None:
        """Count one statement that stands `times` times in the reports."""
        self.statements += times
        self.outcomes[answered.outcome] += times
        for named in answered.named:
            counter = self.uncertain if named.assertion == "uncertain" else self.mentions
            counter[named.name] += times
            if named.rules is not None and named.rules != named.assertion:
                self.disagreements[named.name, named.assertion, named.rules] += times
        for rejected in answered.rejected:
            self.rejected[rejected.name, rejected.reason] += times

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
        ]
