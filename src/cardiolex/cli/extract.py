"""Command `extract`: reports -> findings -> label matrix, statistics and audit page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

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
    mentions: bool = True,
    url: str = "http://localhost:8000/v1",
    model: str | None = None,
    procedure: Literal["kmerl", "supreme"] = "kmerl",
    whole_reports: bool = False,
    dry_run: bool = False,
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
    mentions
        Whether to write mentions.jsonl, the findings of every record with their spans.
    url
        Address of the language model server.
    model
        Name of the model on that server.
    procedure
        Whose procedure the language model follows.
    whole_reports
        Ask a language model by report, as the papers did, not by statement.
    dry_run
        Only say how many questions and tokens a language model would need.
    """
    from itertools import islice

    from cardiolex.reports.tables import Skips, extract_table, read_reports
    from cardiolex.reports.vocabulary import Vocabulary

    if limit is not None and limit < 1:
        raise CardiolexError(f"--limit {limit}: must be at least 1")
    words = Vocabulary.load(vocabulary)
    skips = Skips()
    reports = islice(read_reports(source, text=text, id=id, skips=skips), limit)
    if extractor == "rules":
        if dry_run:
            raise CardiolexError(
                "--dry-run counts the questions to a language model; add --extractor llm"
            )
        chosen: Extractor = _rules(words, rules)
    else:
        asked = _language_model(words, output, url, model, procedure, whole_reports)
        if dry_run:
            return _say_cost(asked, (t for report in reports for t in report.texts))
        chosen = asked
    with progress_bar("reading reports") as progress:
        summary = extract_table(
            reports,
            output,
            extractor=chosen,
            vocabulary=words,
            skips=skips,
            title=source.name,
            mentions=mentions,
            progress=lambda done: progress(done, limit or 0),
        )
    print(
        f"{summary.records} records, {summary.texts} texts, {summary.accounted:.1%} of them fully "
        f"accounted for\nlabels, audit page and statistics in {output}"
    )
    for reason, count in summary.skipped.items():
        where = skips.examples[reason]
        print(f"cardiolex: left out {count}: {reason} (first: {where})", file=sys.stderr)
    return 0


def _rules(vocabulary: Vocabulary, folder: Path | None) -> Extractor:
    from cardiolex.reports.extract import Rules

    return Rules(vocabulary, folder)


def _language_model(
    vocabulary: Vocabulary,
    output: Path,
    url: str,
    model: str | None,
    procedure: Literal["kmerl", "supreme"],
    whole_reports: bool,
) -> LLMExtractor:
    from cardiolex.reports.llm.endpoint import Endpoint, key_from_environment
    from cardiolex.reports.llm.extractor import LLMExtractor

    if model is None:
        raise CardiolexError("--extractor llm: name the model by --model and its server by --url")
    output.mkdir(parents=True, exist_ok=True)
    return LLMExtractor(
        Endpoint(url, model, api_key=key_from_environment()),
        procedure=procedure,
        journal=output / "answers.jsonl",
        vocabulary=vocabulary,
        whole_reports=whole_reports,
    )


def _say_cost(extractor: LLMExtractor, texts: object) -> int:
    from collections.abc import Iterable
    from typing import cast

    from cardiolex.reports.llm.dry_run import cost

    expected = cost(
        cast(Iterable[str], texts),
        extractor.procedure,
        extractor.endpoint,
        extractor.journal,
        vocabulary=extractor.vocabulary,
        whole_reports=extractor.whole_reports,
    )
    print("\n".join(expected.lines()))
    return 0
