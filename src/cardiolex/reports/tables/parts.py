"""Parts of a table of reports: each is worked on alone, kept on disk, and never done again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cardiolex.files import write_text
from cardiolex.reports.entities_found import Counting, Extraction, Extractor
from cardiolex.reports.tables.label_file import LabelBlock, Places
from cardiolex.reports.tables.labels import findings_of
from cardiolex.reports.tables.sources import Report
from cardiolex.reports.tables.tally import Tally, understood
from cardiolex.reports.vocabulary import Vocabulary

REPORTS = 4096
CHARACTERS = 8_000_000
"""A part ends with so many reports or characters, whichever comes first."""


@dataclass(frozen=True)
class Part:
    """Some reports of a table that follow one another."""

    number: int
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class PartFiles:
    """Where a part is kept: labels, mentions, and last the counts, which say that it is done."""

    folder: Path
    number: int

    @property
    def labels(self) -> Path:
        """`LabelBlock` of its records."""
        return self.folder / f"{self.number:06d}.npz"

    @property
    def mentions(self) -> Path:
        """Its lines of mentions.jsonl."""
        return self.folder / f"{self.number:06d}.jsonl"

    @property
    def counts(self) -> Path:
        """Its tally, and what the extractor counted."""
        return self.folder / f"{self.number:06d}.json"

    @property
    def done(self) -> bool:
        """Whether all three are there."""
        return self.counts.is_file()

    def read_counts(self) -> tuple[Tally, Any]:
        """Tally, and the extractor's counts or None."""
        content = json.loads(self.counts.read_text(encoding="utf-8"))
        return Tally.from_dict(content["tally"]), content["extractor"]


def parts(reports: Iterable[Report]) -> Iterator[Part]:
    """Cut reports into parts; where depends on nothing but the reports."""
    held: list[Report] = []
    characters = number = 0
    for report in reports:
        held.append(report)
        characters += sum(len(text) for text in report.texts)
        if len(held) >= REPORTS or characters >= CHARACTERS:
            yield Part(number, tuple(held))
            held, characters, number = [], 0, number + 1
    if held:
        yield Part(number, tuple(held))


class PartWriter:
    """Extracts parts and writes them to `folder`; what repeats is worked out once.

    Picklable if its extractor is.
    """

    def __init__(
        self, folder: Path, extractor: Extractor, vocabulary: Vocabulary, mentions: bool
    ) -> None:
        self.folder = folder
        self.extractor = extractor
        self.vocabulary = vocabulary
        self.mentions = mentions
        self._places: dict[tuple[str, ...], Places] = {}
        self._texts: dict[str, str] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return PartWriter, (self.folder, self.extractor, self.vocabulary, self.mentions)

    def write(self, part: Part) -> int:
        """Extract a part and keep it; returns the number of its reports."""
        files = PartFiles(self.folder, part.number)
        found = self._extract(part.reports)
        kept = [(r.id, row) for r, row in zip(part.reports, found, strict=True) if understood(row)]
        places = [self.places(row) for _, row in kept]
        LabelBlock.of([id for id, _ in kept], places).save(files.labels)
        if self.mentions:
            lines = map(self._line, part.reports, found)
            write_text(files.mentions, "".join(lines))
        extractor = self.extractor
        counts = extractor.take_counts() if isinstance(extractor, Counting) else None
        content = {"tally": Tally.of(found).to_dict(), "extractor": counts}
        write_text(files.counts, json.dumps(content))
        return len(part.reports)

    def _extract(self, reports: Sequence[Report]) -> list[list[Extraction]]:
        texts = [text for report in reports for text in report.texts]  # repeats too: it may count
        found = dict(zip(texts, self.extractor(texts), strict=True))
        return [[found[text] for text in report.texts] for report in reports]

    def places(self, found: Sequence[Extraction]) -> Places:
        """Places in the vocabulary of what a record's texts state: present and unknown."""
        key = tuple(extraction.text for extraction in found)
        known = self._places.get(key)
        if known is None:
            if len(self._places) > 50_000:
                self._places.clear()
            known = self._work_out(found)
            if sum(map(len, key)) < 20_000:
                self._places[key] = known
        return known

    def _work_out(self, found: Sequence[Extraction]) -> Places:
        findings = findings_of(found, self.vocabulary)
        index = self.vocabulary.index
        present = self.vocabulary.closure(findings.present)
        unknown = self.vocabulary.closure(findings.unknown) - present
        return sorted(index[n] for n in present), sorted(index[n] for n in unknown)

    def _line(self, report: Report, found: Sequence[Extraction]) -> str:
        texts = ", ".join(self._text(extraction) for extraction in found)
        return f'{{"id": {json.dumps(report.id, ensure_ascii=False)}, "texts": [{texts}]}}\n'

    def _text(self, extraction: Extraction) -> str:
        known = self._texts.get(extraction.text)
        if known is None:
            if len(self._texts) > 20_000:
                self._texts.clear()
            content: dict[str, object] = {
                "text": extraction.text,
                "mentions": [asdict(mention) for mention in extraction.mentions],
            }
            if extraction.unaccounted:
                content["unaccounted"] = [list(span) for span in extraction.unaccounted]
            known = json.dumps(content, ensure_ascii=False)
            if len(known) < 20_000:
                self._texts[extraction.text] = known
        return known
