"""Command `extract`: reports -> findings -> label matrix, statistics and audit page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cardiolex import __version__
from cardiolex.cli.call_error import CallError
from cardiolex.cli.llm import ExtractionOptions, llm_extractor, say_cost, say_outcome
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError
from cardiolex.workers import cores

if TYPE_CHECKING:
    from cardiolex.reports.entities_found import Extractor
    from cardiolex.reports.llm.extractor import LLMExtractor
    from cardiolex.reports.vocabulary import Vocabulary


def extract(
    source: Path,
    output: Path,
    /,
    *,
    extractor: Literal["rules", "llm"] = "rules",
    text: str | None = None,
    id: str | None = None,
    vocabulary: Path | None = None,
    rules: Path | None = None,
    limit: int | None = None,
    processes: int | None = None,
    mentions: bool = True,
    decisions: Path | None = None,
    language_model: ExtractionOptions = ExtractionOptions(),  # noqa: B008
) -> int:
    """Find what reports state: present, absent or uncertain findings, with the words behind them.

    Parameters
    ----------
    source
        A folder of MIMIC-IV-ECG, PTB-XL's CSV, or any CSV, TSV, JSONL or text file with one
        report a line.
    output
        Folder for labels.npz, mentions.jsonl, statistics.csv, frequency.svg, audit.html.
    extractor
        "rules" works offline; "llm" asks an OpenAI-compatible server.
    text
        Column with the reports; the usual names are found without it.
    id
        Column with the record ids.
    vocabulary
        Another vocabulary (.toml or .json) than the bundled one.
    rules
        Folder with other rule tables (copies of the bundled ones, edited).
    limit
        Read only so many reports.
    processes
        Processes of the rules extractor; all cores without it. The results are the same.
    mentions
        Whether to write mentions.jsonl, the findings of every record with their spans.
    decisions
        Reviewed table of what a language model's names mean (see `cardiolex vocabulary build`).
    """
    from cardiolex.reports.tables import Skips, extract_table, read_reports, source_of
    from cardiolex.reports.vocabulary import Vocabulary

    if limit is not None and limit < 1:
        raise CardiolexError(f"--limit {limit}: must be at least 1")
    if processes is not None and processes < 1:
        raise CallError(f"--processes {processes}: must be at least 1")
    words = Vocabulary.load(vocabulary)
    skips = Skips()
    file = source_of(source)
    reports = islice(read_reports(source, text=text, id=id, skips=skips), limit)
    asked: LLMExtractor | None = None
    if extractor == "llm" and language_model.dry_run:
        return say_cost((t for r in reports for t in r.texts), language_model, output, words)
    if extractor == "llm":
        asked = llm_extractor(language_model, output, words, decisions)
    elif language_model.dry_run:
        raise CallError("--dry-run counts the questions to a language model; add --extractor llm")
    chosen: Extractor = asked or _rules(words, rules)
    with progress_bar("reading reports" if asked is None else "asking") as moved:
        progress = Progress(moved, file.lines if limit is None else min(limit, file.lines))
        if asked is not None:
            asked.progress = progress.within_part
        summary = extract_table(
            reports,
            output,
            extractor=chosen,
            vocabulary=words,
            skips=skips,
            title=source.name,
            mentions=mentions,
            processes=1 if asked is not None else processes or cores(),
            identity=(
                __version__,
                file.identity,
                *map(str, (text, id, limit, language_model.ask_again)),
                "" if decisions is None else source_of(decisions).identity,
            ),
            progress=progress.reports,
        )
    print(
        f"{summary.records} records, {summary.texts} texts, {summary.accounted:.1%} of them fully "
        f"accounted for\nlabels, audit page and statistics in {output}"
    )
    for reason, count in summary.skipped.items():
        where = skips.examples[reason]
        print(f"cardiolex: left out {count}: {reason} (first: {where})", file=sys.stderr)
    return 0 if asked is None else say_outcome(asked, output)


def _rules(vocabulary: Vocabulary, folder: Path | None) -> Extractor:
    from cardiolex.reports.extract import Rules

    return Rules(vocabulary, folder)


class Progress:
    """Moves a bar by reports; while a part of them is asked about, by its share of questions."""

    def __init__(self, moved: Callable[[int, int], None], total: int) -> None:
        self.moved = moved
        self.total = total
        self.done = 0

    def reports(self, done: int) -> None:
        """So many reports are done."""
        self.done = done
        self.moved(done, self.total)

    def within_part(self, done: int, total: int) -> None:
        """So many of the part's questions have answers."""
        from cardiolex.reports.tables.parts import REPORTS

        part = min(REPORTS, self.total - self.done)
        self.moved(self.done + part * done // total, self.total)
