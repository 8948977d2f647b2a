"""Commands that measure what a model makes of reports: retrieval, and reports it writes itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.measuring import Common, read_answerable
from cardiolex.cli.options import MeasuredLeads, ReportTables, Resamples
from cardiolex.cli.pages import publish_page, say_written
from cardiolex.cli.progress import progress_bar
from cardiolex.cli.report import Writing, check_writer
from cardiolex.cli.written_texts import Texts
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardiolex.evaluation.report_table import ReportTable
    from cardiolex.evaluation.retrieval import Pairs
    from cardiolex.interpreter import Interpreter

Unreadable = list[tuple[str, str]]


def retrieval(
    reports: ReportTables,
    /,
    *,
    measuring: Common,
    leads: MeasuredLeads = None,
    words: Literal["report", "findings"] = "report",
    output: Path | None = None,
) -> int:
    """Recall at 1, 5, 10 and median rank: report of a recording, recording of a report, alike ones.

    Parameters
    ----------
    words
        What is embedded of a report: its text, or the findings it states by their English names
        (for reports in a language that the model was not trained on).
    output
        Folder for table and JSON.
    """
    from cardiolex.evaluation.page_parts import text_part
    from cardiolex.evaluation.page_parts.pictures import retrieval_picture
    from cardiolex.evaluation.report_table import read_report_table
    from cardiolex.evaluation.retrieval import evaluate_retrieval
    from cardiolex.interpreter import load

    tables = [read_report_table(path, measuring.root) for path in reports]
    interpreter = load(measuring.model)
    incomplete = False
    for table in tables:
        pairs, unreadable = _pairs(interpreter, table, lead_names(leads), words)
        with progress_bar(f"ranking {table.name}") as progress:
            result = evaluate_retrieval(
                pairs,
                model=interpreter.name,
                unreadable=unreadable,
                leads=lead_names(leads),
                resamples=measuring.resamples,
                seed=measuring.seed,
                progress=progress,
            )
        print(result.to_markdown())
        incomplete = incomplete or bool(unreadable)
        if output is not None:
            say_written(result.write(output))
            publish_page(
                output / f"{table.name}-retrieval",
                f"{interpreter.name}: {table.name}",
                [
                    text_part(
                        f"Retrieval: {table.name}",
                        result.to_markdown(),
                        retrieval_picture(result),
                    )
                ],
                models=[interpreter],
                seed=measuring.seed,
                resamples=measuring.resamples,
                pdf=measuring.pdf,
            )
    return 1 if incomplete else 0


def _pairs(
    interpreter: Interpreter, table: ReportTable, leads: Sequence[str] | None, words: str
) -> tuple[Pairs, Unreadable]:
    """Vectors of the readable records of `table` and of their reports, and the other records."""
    from cardiolex.capabilities import Aligns
    from cardiolex.evaluation.retrieval import Pairs
    from cardiolex.evaluation.stated import in_plain_words, stated
    from cardiolex.reports.extract import bundled_rules

    aligns = isinstance(interpreter.system, Aligns)
    if not aligns:
        print(
            f"cardiolex: {interpreter.name} cannot compare texts with recordings: "
            "only recordings are looked up",
            file=sys.stderr,
        )
    vectors, table, unreadable = embed_table(interpreter, table, leads, shared=aligns)
    rules = bundled_rules()
    if words == "findings":
        table = replace(table, reports=tuple(in_plain_words(r, rules) for r in table.reports))
    texts = interpreter.embed_text(table.reports) if aligns else None
    return Pairs(table, vectors, texts, stated(rules(table.reports))), unreadable


def embed_table(
    interpreter: Interpreter, table: ReportTable, leads: Sequence[str] | None, *, shared: bool
) -> tuple[NDArray[np.float32], ReportTable, Unreadable]:
    """Unit vectors (N, E) of the N readable records, the table of these, and the others."""
    import numpy as np

    from cardiolex.evaluation.report_table import read_records

    embed = interpreter.project if shared else interpreter.embed
    vectors, kept, unreadable = [], list[int](), list[tuple[str, str]]()
    with progress_bar(f"embedding {table.name}") as progress:
        for rows, recordings, failed in read_records(
            table, read_answerable, leads=leads, progress=progress
        ):
            kept += rows
            unreadable += [(table.records[row], why) for row, why in failed]
            if recordings:
                vectors.append(embed(recordings, leads=leads))
    if not kept:
        raise CardiolexError(
            f"no record of {table.name} can be read; the first says: {unreadable[0][1]}"
        )
    return np.concatenate(vectors), table.rows(kept), unreadable


def report_generation(
    reports: ReportTables,
    /,
    *,
    root: Path | None = None,
    model: Path | None = None,
    generated: Path | None = None,
    training: Path | None = None,
    writing: Writing = Writing(),  # noqa: B008
    leads: MeasuredLeads = None,
    resamples: Resamples = 1000,
    seed: int = 0,
    output: Path | None = None,
) -> int:
    """BLEU, ROUGE-L, METEOR and clinical findings of written reports, beside two baselines.

    Parameters
    ----------
    root
        Folder that the record paths start from; not needed to score texts alone.
    model
        A checkpoint folder of a system that writes reports; with --generated any that embeds.
    generated
        Score these texts instead of writing: CSV with `record` (or `id`) and `report` (or `text`).
    training
        CSV with `record` and `report` to take the baselines from; by default the other patients.
    seed
        Seed of the bootstrap.
    output
        Folder for table and JSON.
    """
    from cardiolex.evaluation.page_parts import text_part
    from cardiolex.evaluation.page_parts.pictures import generation_picture
    from cardiolex.evaluation.report_generation import evaluate_report_generation
    from cardiolex.evaluation.report_table import read_report_table
    from cardiolex.evaluation.text_scores import check_libraries
    from cardiolex.interpreter import load

    if root is None and generated is None:
        raise CallError("--root is needed to write reports; to score texts, give --generated")
    check_libraries()
    tables = [read_report_table(path, root) for path in reports]
    others = None if training is None else read_report_table(training)
    given = None if generated is None else read_report_table(generated)
    interpreter = None if root is None else load(model)
    if given is None and interpreter is not None:
        check_writer(interpreter)
    incomplete = False
    for table in tables:
        texts = Texts(interpreter, lead_names(leads), writing, given, others)
        result = evaluate_report_generation(
            *texts.of(table),
            notes=texts.notes,
            unreadable=texts.missing,
            resamples=resamples,
            seed=seed,
        )
        print(result.to_markdown())
        incomplete = incomplete or bool(texts.missing)
        if output is not None:
            say_written(result.write(output))
            publish_page(
                output / f"{table.name}-report-generation",
                f"Written reports: {table.name}",
                [
                    text_part(
                        f"Written reports: {table.name}",
                        result.to_markdown(),
                        generation_picture(result),
                    )
                ],
                models=[] if interpreter is None else [interpreter],
                seed=seed,
                resamples=resamples,
            )
    return 1 if incomplete else 0
