"""What an extractor finds in a text: mentions with spans, and what every other span is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from cardiolex.reports.labels import Findings

Assertion = Literal["present", "absent", "uncertain"]
Language = Literal["en", "de", "sv"]
Span = tuple[int, int]
"""Start and end (exclusive) in characters of the text."""


@dataclass(frozen=True)
class Mention:
    """One finding as a text states it; `text[start:end]` holds its words."""

    name: str
    assertion: Assertion
    start: int
    end: int
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extraction:
    """A text and the meaning of all its words.

    Words are covered by a mention, a qualifier span, a non-finding span (fillers, lists of leads,
    signal quality, advice) or stand in `unaccounted`: words that the extractor does not know.
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    qualifier_spans: tuple[Span, ...] = ()
    non_finding_spans: tuple[Span, ...] = ()
    unaccounted: tuple[Span, ...] = ()
    language: str = "en"

    @property
    def present(self) -> frozenset[str]:
        """Names stated as present at least once."""
        return self._names("present")

    @property
    def uncertain(self) -> frozenset[str]:
        """Names that may be present and are nowhere stated as present."""
        return self._names("uncertain") - self.present

    @property
    def absent(self) -> frozenset[str]:
        """Names that are denied and nowhere stated as present or possible."""
        return self._names("absent") - self.present - self.uncertain

    def findings(self) -> Findings:
        """Present and unknown names, for labels; an uncertain finding is unknown."""
        return Findings(present=self.present, unknown=self.uncertain)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the inverse of `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Extraction":
        """From plain data, with lists where tuples were."""
        mentions = (
            Mention(**{**mention, "qualifiers": tuple(mention["qualifiers"])})
            for mention in content["mentions"]
        )
        spans = ("qualifier_spans", "non_finding_spans", "unaccounted")
        places = {kind: tuple((start, end) for start, end in content[kind]) for kind in spans}
        return cls(content["text"], tuple(mentions), language=content["language"], **places)

    def _names(self, assertion: Assertion) -> frozenset[str]:
        return frozenset(m.name for m in self.mentions if m.assertion == assertion)


class Extractor(Protocol):
    """Texts -> what they state; `name` and `version` travel with the results."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def version(self) -> str: ...  # noqa: D102

    def __call__(self, texts: Sequence[str]) -> list[Extraction]: ...  # noqa: D102


@dataclass(frozen=True)
class Section:
    """A table that an extractor adds to the audit page; rows of texts and whole numbers."""

    title: str
    rows: Sequence[Sequence[object]]
    head: Sequence[str] = ()
    note: str = ""


@runtime_checkable
class Counting(Protocol):
    """An extractor that counts what happened beside the extractions, part by part."""

    def take_counts(self) -> dict[str, Any]:
        """What was counted since the last call, as JSON data, and start anew."""
        ...

    def add_counts(self, counts: Mapping[str, Any]) -> None:
        """Add what `take_counts` gave, now or in an earlier run."""
        ...

    def sections(self) -> Sequence[Section]:
        """Tables about everything counted, for the audit page."""
        ...
