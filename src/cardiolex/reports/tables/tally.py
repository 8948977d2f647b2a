"""Counts over all reports: SuPreME's statistics, frequencies, what was not understood."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from cardiolex.reports.entities_found import Extraction
from cardiolex.reports.vocabulary import Vocabulary

DISTINCT = 50_000
"""So many distinct texts are counted before they are folded into the totals."""
EXAMPLES = 3


@dataclass
class Tally:
    """Totals; `add` is cheap for a text that was there before.

    `examples`: per finding and assertion, the first few distinct texts that hold it.
    """

    records: int = 0
    texts: int = 0
    accounted: int = 0
    mentions: Counter[tuple[str, str]] = field(default_factory=Counter)
    wordings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unaccounted: Counter[str] = field(default_factory=Counter)
    unaccounted_in: dict[str, str] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Extraction]] = field(default_factory=dict)
    _waiting: dict[str, tuple[Extraction, int]] = field(default_factory=dict)

    def add(self, extraction: Extraction) -> None:
        """Count one text."""
        self.texts += 1
        before = self._waiting.get(extraction.text)
        self._waiting[extraction.text] = (extraction, 1 if before is None else before[1] + 1)
        if len(self._waiting) > DISTINCT:
            self.settle()

    def settle(self) -> "Tally":
        """Fold the texts counted so far into the totals."""
        for extraction, times in self._waiting.values():
            self._fold(extraction, times)
        self._waiting.clear()
        return self

    def _fold(self, extraction: Extraction, times: int) -> None:
        text = extraction.text
        self.languages[extraction.language] += times
        self.accounted += times * (not extraction.unaccounted)
        for mention in extraction.mentions:
            self.mentions[mention.name, mention.assertion] += times
            words = " ".join(text[mention.start : mention.end].lower().split())
            if len(self.wordings) < 4 * DISTINCT:
                self.wordings[words, mention.name, mention.assertion] += times
            shown = self.examples.setdefault((mention.name, mention.assertion), [])
            if len(shown) < EXAMPLES and len(text) < 2000:
                shown.append(extraction)
        for start, end in extraction.unaccounted:
            words = " ".join(text[start:end].lower().split())
            if len(self.unaccounted) < DISTINCT:
                self.unaccounted[words] += times
                self.unaccounted_in.setdefault(words, text[max(0, start - 60) : end + 60])

    # ------------------------------------------------------------ tables
    def statistics(self, vocabulary: Vocabulary) -> list[tuple[str, int, str]]:
        """Stage, count, note; after SuPreME's table of its own run over MIMIC-IV-ECG.

        A cluster is all wordings of one finding. Wordings that stay unaccounted are not mapped.
        """
        raw = sum(self.mentions.values())
        unique = {words for words, _, _ in self.wordings} | set(self.unaccounted)
        certain = {words for words, _, said in self.wordings if said == "present"}
        clusters = {name for name, said in self.mentions if said == "present"}
        mapped = {name for name in clusters if name in vocabulary}
        share = f"{self.accounted / self.texts:.2%} of texts" if self.texts else ""
        return [
            ("records", self.records, ""),
            ("texts", self.texts, ""),
            ("texts fully accounted for", self.accounted, share),
            ("raw mentions", raw, ""),
            ("unique wordings", len(unique), "not understood ones included"),
            ("after certainty filter", len(certain), "stated as present at least once"),
            ("clusters", len(clusters), _mean(len(certain), len(clusters))),
            ("mapped to the vocabulary", len(mapped), f"of {len(vocabulary)} names"),
            ("with superclasses", len(vocabulary.closure(mapped)), ""),
            ("not understood", len(self.unaccounted), "distinct passages"),
        ]

    def frequencies(self, assertion: str) -> list[tuple[str, int]]:
        """Findings with this assertion, most frequent first."""
        counts = [(name, n) for (name, said), n in self.mentions.items() if said == assertion]
        return sorted(counts, key=lambda item: (-item[1], item[0]))


def _mean(total: int, groups: int) -> str:
    return f"mean size {total / groups:.2f}" if groups else ""


def statistics_csv(rows: Sequence[tuple[str, int, str]]) -> str:
    """The table as CSV: stage, count, note."""
    lines = ["stage,count,note", *(f'{stage},{count},"{note}"' for stage, count, note in rows)]
    return "\n".join(lines) + "\n"
