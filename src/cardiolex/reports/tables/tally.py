"""Counts over all reports: SuPreME's statistics, frequencies, what was not understood."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cardiolex.reports.entities_found import Extraction
from cardiolex.reports.vocabulary import Vocabulary

DISTINCT = 50_000
"""So many distinct passages that were not understood are counted."""
EXAMPLES = 3
_LONGEST_SHOWN = 2000
_PLAIN = ("records", "lost", "lost_first", "texts", "accounted")
_COUNTERS = ("mentions", "wordings", "unaccounted", "languages")


@dataclass
class Tally:
    """Totals of a part of the reports, or of all parts merged in their order.

    `records` were understood at least in part; of `lost` ones nothing was (`lost_first`: the
    first). `examples`: per finding and assertion, the first few distinct texts that hold it.
    """

    records: int = 0
    lost: int = 0
    lost_first: str = ""
    texts: int = 0
    accounted: int = 0
    mentions: Counter[tuple[str, str]] = field(default_factory=Counter)
    wordings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unaccounted: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    unaccounted_in: dict[str, str] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[Extraction]] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Sequence[Sequence[Extraction]]) -> "Tally":
        """Count the extractions of records; what repeats is looked at once."""
        lost = [record for record in records if not understood(record)]
        first = lost[0][0].text[:80] if lost else ""
        tally = cls(len(records) - len(lost), len(lost), first)
        times = Counter(extraction.text for record in records for extraction in record)
        once = {extraction.text: extraction for record in records for extraction in record}
        for text, count in times.items():
            tally._count(once[text], count)
        return tally

    def _count(self, extraction: Extraction, times: int) -> None:
        text = extraction.text
        self.texts += times
        self.languages[extraction.language] += times
        self.accounted += times * (not extraction.unaccounted)
        for mention in extraction.mentions:
            self.mentions[mention.name, mention.assertion] += times
            words = " ".join(text[mention.start : mention.end].lower().split())
            self.wordings[words, mention.name, mention.assertion] += times
            if len(text) < _LONGEST_SHOWN:
                self._show((mention.name, mention.assertion), extraction)
        for start, end in extraction.unaccounted:
            words = " ".join(text[start:end].lower().split())
            self.unaccounted[words] += times
            self.unaccounted_in.setdefault(words, text[max(0, start - 60) : end + 60])

    def _show(self, finding: tuple[str, str], extraction: Extraction) -> None:
        shown = self.examples.setdefault(finding, [])
        if len(shown) < EXAMPLES and all(extraction.text != other.text for other in shown):
            shown.append(extraction)

    def merge(self, other: "Tally") -> None:
        """Add the counts of the part that follows; memory stays bounded."""
        self.records += other.records
        self.lost += other.lost
        self.lost_first = self.lost_first or other.lost_first
        self.texts += other.texts
        self.accounted += other.accounted
        self.mentions.update(other.mentions)
        self.languages.update(other.languages)
        _add(self.wordings, other.wordings, 4 * DISTINCT)
        _add(self.unaccounted, other.unaccounted, DISTINCT)
        for words, where in other.unaccounted_in.items():
            if words in self.unaccounted:
                self.unaccounted_in.setdefault(words, where)
        for finding, shown in other.examples.items():
            for extraction in shown:
                self._show(finding, extraction)

    # ------------------------------------------------------------ files
    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; a text that is an example of several findings is kept once."""
        texts = {e.text: e for shown in self.examples.values() for e in shown}
        place = {text: number for number, text in enumerate(texts)}
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: _rows(getattr(self, name)) for name in _COUNTERS},
            "unaccounted_in": self.unaccounted_in,
            "shown": [extraction.to_dict() for extraction in texts.values()],
            "examples": [
                [*finding, [place[e.text] for e in shown]]
                for finding, shown in self.examples.items()
            ],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Tally":
        """The inverse of `to_dict`."""
        shown = [Extraction.from_dict(row) for row in content["shown"]]
        counters: dict[str, Any] = {name: _counter(content[name]) for name in _COUNTERS}
        return cls(
            **{name: content[name] for name in _PLAIN},
            **counters,
            unaccounted_in=content["unaccounted_in"],
            examples={
                (name, said): [shown[place] for place in places]
                for name, said, places in content["examples"]
            },
        )

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


def understood(record: Sequence[Extraction]) -> bool:
    """Whether the texts of a record state a finding, or at least consist of known words."""
    if any(extraction.mentions for extraction in record):
        return True
    unknown = sum(end - start for e in record for start, end in e.unaccounted)
    return 2 * unknown <= sum(c.isalnum() for e in record for c in e.text)


def _add(counts: Counter[Any], other: Mapping[Any, int], most: int) -> None:
    """Add counts; new keys only while there are fewer than `most`."""
    for key, count in other.items():
        if key in counts or len(counts) < most:
            counts[key] += count


def _rows(counts: Counter[Any]) -> list[list[Any]]:
    return [[*(key if isinstance(key, tuple) else (key,)), count] for key, count in counts.items()]


def _counter(rows: Iterable[Sequence[Any]]) -> Counter[Any]:
    return Counter({(tuple(key) if len(key) > 1 else key[0]): count for *key, count in rows})


def _mean(total: int, groups: int) -> str:
    return f"mean size {total / groups:.2f}" if groups else ""


def statistics_csv(rows: Sequence[tuple[str, int, str]]) -> str:
    """The table as CSV: stage, count, note."""
    lines = ["stage,count,note", *(f'{stage},{count},"{note}"' for stage, count, note in rows)]
    return "\n".join(lines) + "\n"
