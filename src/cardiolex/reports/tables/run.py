"""One pass over a table of reports: labels, mentions, statistics, audit page."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write, write_text
from cardiolex.reports.entities_found import Extraction, Extractor
from cardiolex.reports.tables.audit import audit_page
from cardiolex.reports.tables.chart import frequency_svg
from cardiolex.reports.tables.labels import LabelWriter, findings_of
from cardiolex.reports.tables.sources import Report, Skips
from cardiolex.reports.tables.tally import Tally, statistics_csv
from cardiolex.reports.vocabulary import Vocabulary

CHUNK = 2048
Places = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Summary:
    """What a run did: records labelled, texts read, share of texts fully accounted for."""

    records: int
    texts: int
    accounted: float
    skipped: dict[str, int]
    folder: Path


def extract_table(
    reports: Iterable[Report],
    folder: str | Path,
    *,
    extractor: Extractor,
    vocabulary: Vocabulary,
    skips: Skips | None = None,
    title: str = "reports",
    mentions: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> Summary:
    """Extract all reports into `folder`; each file appears whole or not at all.

    Writes labels.npz (`ReportLabels`), mentions.jsonl (one line a record, unless `mentions` is
    off), statistics.csv, frequency.svg, audit.html and vocabulary.json. Memory does not grow with
    the number of reports.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise CardiolexError(f"{folder}: is a file. Name a folder for the results.")
    folder.mkdir(parents=True, exist_ok=True)
    skips = skips if skips is not None else Skips()
    tally = Tally()
    pass_ = _Pass(extractor, vocabulary, tally)
    with (
        atomic_write(folder / "mentions.jsonl") as lines,
        LabelWriter(folder / "labels.npz", vocabulary) as writer,
    ):
        with lines.open("w", encoding="utf-8") as handle:
            for chunk in _chunks(reports):
                for report, found in zip(chunk, pass_.extract(chunk), strict=True):
                    writer.add(report.id, *pass_.places(found))
                    if mentions:
                        handle.write(pass_.line(report, found))
                tally.records += len(chunk)
                progress(tally.records)
        if not tally.records:
            raise CardiolexError(f"{title}: holds no report. {_reasons(skips)}")
    if not mentions:
        (folder / "mentions.jsonl").unlink()
    _write_pages(folder, tally.settle(), skips, vocabulary, title, extractor)
    share = tally.accounted / tally.texts if tally.texts else 1.0
    return Summary(tally.records, tally.texts, share, dict(skips.counts), folder)


def _chunks(reports: Iterable[Report]) -> Iterator[list[Report]]:
    source = iter(reports)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _reasons(skips: Skips) -> str:
    return "; ".join(f"{why}: {n} ({skips.examples[why]})" for why, n in skips.counts.items())


class _Pass:
    """Extraction and labels of chunks; what repeats is worked out once."""

    def __init__(self, extractor: Extractor, vocabulary: Vocabulary, tally: Tally) -> None:
        self.extractor = extractor
        self.vocabulary = vocabulary
        self.tally = tally
        self._places: dict[tuple[str, ...], Places] = {}
        self._texts: dict[str, str] = {}

    def extract(self, chunk: list[Report]) -> list[list[Extraction]]:
        texts = [text for report in chunk for text in report.texts]  # repeats too: it may count
        found = dict(zip(texts, self.extractor(texts), strict=True))
        extractions = [[found[text] for text in report.texts] for report in chunk]
        for row in extractions:
            for extraction in row:
                self.tally.add(extraction)
        return extractions

    def places(self, found: list[Extraction]) -> Places:
        key = tuple(extraction.text for extraction in found)
        known = self._places.get(key)
        if known is None:
            if len(self._places) > 50_000:
                self._places.clear()
            known = self._places[key] = self._work_out(found)
        return known

    def _work_out(self, found: list[Extraction]) -> Places:
        findings = findings_of(found, self.vocabulary)
        index = self.vocabulary.index
        present = self.vocabulary.closure(findings.present)
        unknown = self.vocabulary.closure(findings.unknown) - present
        return tuple(sorted(index[n] for n in present)), tuple(sorted(index[n] for n in unknown))

    def line(self, report: Report, found: list[Extraction]) -> str:
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
            known = self._texts[extraction.text] = json.dumps(content, ensure_ascii=False)
        return known


def _write_pages(
    folder: Path,
    tally: Tally,
    skips: Skips,
    vocabulary: Vocabulary,
    title: str,
    extractor: Extractor,
) -> None:
    who = f"{extractor.name} {extractor.version}"
    page = audit_page(tally, skips, vocabulary, title=title, extractor=who)
    write_text(folder / "audit.html", page)
    write_text(folder / "statistics.csv", statistics_csv(tally.statistics(vocabulary)))
    write_text(folder / "frequency.svg", frequency_svg(tally.frequencies("present")))
    vocabulary.save(folder / "vocabulary.json")
