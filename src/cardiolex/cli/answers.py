"""Commands that answer questions about recordings: interpret, embed, demo."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cardiolex.cli.batch import Failures, chunks, find_each, lead_names, read_each, words
from cardiolex.cli.call_error import CallError
from cardiolex.cli.explained import Method, explain_each, few_leads_each
from cardiolex.cli.findings_shown import as_csv, as_json, as_table
from cardiolex.cli.options import LeadsOnly, ModelFolder, OutputFile, Recordings
from cardiolex.cli.progress import progress_bar
from cardiolex.cli.rendered import write_rendered
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write

if TYPE_CHECKING:
    from cardiolex.findings import Findings
    from cardiolex.interpreter import Interpreter
    from cardiolex.recordings.recording import Recording

CHUNK = 32  # recordings in memory at a time
MOST_NOTES = 5  # conditions that are explained on stderr one by one
Answer = TypeVar("Answer")


def interpret(
    paths: Recordings,
    /,
    *,
    conditions: str | None = None,
    leads: LeadsOnly = None,
    model: ModelFolder = None,
    format: Literal["table", "json", "csv"] = "table",
    output: OutputFile = None,
    plot: Path | None = None,
    explain: str | None = None,
    method: Method | None = None,
    few_leads: str | None = None,
) -> int:
    """Answer plain-word questions about recordings.

    Parameters
    ----------
    conditions
        "a; b", or a text file with one condition per line; the model's own list by default.
    format
        table for people; json; csv in long form: record,condition,probability,decision,leads.
        A decision is empty where the recording is too poor to decide anything.
    plot
        Folder for one picture per recording, and one for each explanation.
    explain
        "a; b": also say where in which lead the evidence for these lies, with a deletion test.
    method
        How evidence is found; the most faithful way that the model allows by default.
    few_leads
        "a; b": also say which smallest subset of leads gives the answer of all.
    """
    from cardiolex.loading import load

    failures = Failures()
    interpreter = load(model)
    bar = output is not None or not sys.stdout.isatty()  # findings that appear are progress enough
    found = _interpret_each(interpreter, paths, words(conditions), lead_names(leads), failures, bar)
    if plot is not None:
        found = _plot_each(found, plot)
    if (reasons := words(explain, "--explain")) is not None:
        found = explain_each(interpreter, found, reasons, method, plot)
    if (few := words(few_leads, "--few-leads")) is not None:
        found = few_leads_each(interpreter, found, few)
    render = {"table": as_table, "json": as_json, "csv": as_csv}[format]
    done = write_rendered(found, render, output)
    if not done and not failures.reasons:
        raise CardiolexError(f"no recording found in {', '.join(map(str, paths))}")
    return failures.close(done)


def embed(
    paths: Recordings = [],  # noqa: B006
    /,
    *,
    output: Path,
    texts: str | None = None,
    aligned: bool = False,
    leads: LeadsOnly = None,
    model: ModelFolder = None,
) -> int:
    """Write embeddings of recordings to an .npz file with `record` (N,) and `embedding` (N, D).

    Parameters
    ----------
    output
        The .npz file to write.
    texts
        "a; b", or a text file with a sentence or report per line: adds `text` (M,) and
        `text_embedding` (M, E), and puts the recordings into the same space.
    aligned
        Put recordings into the space that the model shares with texts, (N, E).
    """
    import numpy as np

    from cardiolex.interpreter import load

    if output.suffix not in ("", ".npz"):
        raise CallError(f"--output {output}: embeddings are written as .npz")
    if not paths and texts is None:
        raise CallError("nothing to embed: name recordings, or give --texts")
    sentences = words(texts, "--texts")
    failures = Failures()
    interpreter = load(model)
    arrays: dict[str, Any] = {}
    if sentences is not None:
        arrays |= {"text": sentences, "text_embedding": interpreter.embed_text(sentences)}
    names: list[str] = []
    vectors = []
    files = find_each(paths, failures)
    function = interpreter.project if aligned or sentences is not None else interpreter.embed
    for chunk in chunks(usable(files, lead_names(leads), failures), CHUNK):
        for recording, vector in answered(chunk, function, failures):
            names.append(recording.id)
            vectors.append(vector)
    if names:
        arrays |= {"record": names, "embedding": np.stack(vectors)}
    elif paths:
        raise CardiolexError("no recording could be read, so nothing was written")
    target = output.with_suffix(".npz")
    with atomic_write(target) as temporary:
        np.savez(temporary, **arrays)
    print(f"{len(names) + len(sentences or ())} embeddings in {target}")
    return failures.close(len(names))


def demo(*, output: Path = Path("demo-output"), model: ModelFolder = None) -> int:
    """Interpret the bundled real recordings with 12 leads and with lead I alone.

    Parameters
    ----------
    output
        Folder for the pictures and the page.
    """
    from cardiolex.demo import run

    return run(output, model)


def usable(
    files: Sequence[Path], leads: Sequence[str] | None, failures: Failures
) -> Iterator[tuple[Path, Recording]]:
    """Recordings reduced to `leads`; one that lacks a lead is a failure of its own."""
    for path, recording in read_each(files, failures):
        try:
            yield path, recording if leads is None else recording.select(leads, derive=True)
        except CardiolexError as error:
            failures.add(path, error)


def answered(
    chunk: Sequence[tuple[Path, Recording]],
    answer: Callable[[list[Recording]], Iterable[Answer]],
    failures: Failures,
) -> Iterator[tuple[Recording, Answer]]:
    """Answers for a chunk at once; where one cannot be answered, for each of the others."""
    recordings = [recording for _, recording in chunk]
    try:
        yield from zip(recordings, list(answer(recordings)), strict=True)
    except CardiolexError as error:
        if len(chunk) == 1:
            failures.add(chunk[0][0], error)
        else:
            for one in chunk:
                yield from answered([one], answer, failures)


def _interpret_each(
    interpreter: Interpreter,
    paths: Sequence[Path],
    conditions: Sequence[str] | None,
    leads: Sequence[str] | None,
    failures: Failures,
    bar: bool,
) -> Iterator[Findings]:
    """Findings of every usable recording, with progress on stderr if `bar`."""
    _note_unknown(interpreter, conditions)  # a bad question fails before any file is read
    files = find_each(paths, failures)
    done = 0
    with progress_bar("interpreting", shown=bar) as progress:
        for chunk in chunks(usable(files, leads, failures), CHUNK):
            for _, findings in answered(
                chunk, lambda some: interpreter.interpret_many(some, conditions), failures
            ):
                yield findings
            done += len(chunk)
            progress(done, max(done, len(files)))


def _note_unknown(interpreter: Interpreter, conditions: Sequence[str] | None) -> None:
    """Say on stderr what was no label in training, whether or not the vocabulary knows it."""
    terms = interpreter.terms
    strange = [one for one in interpreter.questions(conditions) if one.name not in terms.seen]
    for question in strange[:MOST_NOTES]:
        hints = []
        if question.name is None:
            near = difflib.get_close_matches(question.text, terms.vocabulary.names, 1, cutoff=0.85)
            hints += [f"did you mean {one!r}?" for one in near]
        if nearest := interpreter.nearest_terms(question.condition):
            hints.append("nearest in training: " + ", ".join(f"{n} {c:.2f}" for n, c in nearest))
        what = "no name in the model's vocabulary" if question.name is None else "in the vocabulary"
        also = "" if question.name is None else " but was no label in training"
        print(
            f"cardiolex: {question.condition!r} is {what}{also}: the answer rests on the meaning "
            f"of its words{'; ' if hints else ''}{' '.join(hints)}",
            file=sys.stderr,
        )
    if (more := len(strange) - MOST_NOTES) > 0:
        print(
            f"cardiolex: {more} more conditions were no label in training either; "
            "`seen` in --format csv or json tells which",
            file=sys.stderr,
        )


def _plot_each(found: Iterator[Findings], folder: Path) -> Iterator[Findings]:
    for findings in found:
        findings.plot(folder / f"{findings.recording.id}.png")
        yield findings
