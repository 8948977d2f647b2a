"""The command that puts recordings into words."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cyclopts import Parameter

from cardiolex.cli.answers import CHUNK, answered, usable
from cardiolex.cli.batch import Failures, chunks, find_each, lead_names
from cardiolex.cli.options import LeadsOnly, OutputFile, Recordings
from cardiolex.cli.progress import progress_bar
from cardiolex.cli.rendered import csv_line, write_rendered
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.interpreter import Interpreter
    from cardiolex.nn.generation import Decoding

NOTE = "Written by a model: research output that may be wrong in every word, no medical report."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Writing:
    """How words are chosen."""

    method: Literal["greedy", "beam", "sample"] = "greedy"
    """greedy: the likeliest word each time; beam: the likeliest text; sample: drawn at random."""
    beams: int = 6
    """Texts followed at once by "beam"."""
    temperature: float = 1.0
    """Of "sample": below 1 more cautious."""
    top_k: int | None = None
    """Of "sample": among so many words only."""
    top_p: float | None = None
    """Of "sample": among the likeliest words that make up this probability."""
    min_tokens: int = 5
    """Word pieces before a report may end."""
    max_tokens: int = 120
    """Word pieces after which it ends."""
    no_repeat: int = 0
    """No run of so many word pieces occurs twice; 0 for no such rule."""
    writing_seed: int = 0
    """Of "sample"."""

    def decoding(self) -> Decoding:
        """The settings as the model takes them; pydantic's ValidationError names what is wrong."""
        from cardiolex.nn.generation import Decoding

        given = asdict(self)
        return Decoding(seed=given.pop("writing_seed"), **given)


@dataclass(frozen=True)
class Written:
    """The reports of a recording: one per window, with its start in seconds."""

    record: str
    source: str
    model: str
    texts: tuple[tuple[float, str], ...]


def report(
    paths: Recordings,
    /,
    *,
    writing: Writing = Writing(),
    leads: LeadsOnly = None,
    model: Path | None = None,
    format: Literal["table", "json", "csv"] = "table",
    output: OutputFile = None,
) -> int:
    """Write a report for recordings, one for every window (10 s) of a longer one.

    Parameters
    ----------
    model
        A checkpoint folder of a system that writes reports, such as MELP.
    format
        table for people; json; csv: record,start_s,report.
    """
    from cardiolex.interpreter import load

    decoding = writing.decoding()
    failures = Failures()
    interpreter = load(model)
    check_writer(interpreter)
    found = _write_each(interpreter, paths, decoding, lead_names(leads), failures, output)
    render = {"table": _table, "json": _json, "csv": _csv}[format]
    done = write_rendered(found, render, output)
    if not done and not failures.reasons:
        raise CardiolexError(f"no recording found in {', '.join(map(str, paths))}")
    if done and format == "table":
        print(f"cardiolex: {NOTE}", file=sys.stderr)
    return failures.close(done)


def check_writer(interpreter: Interpreter) -> None:
    """CardiolexError naming the systems that write reports, before any file is read."""
    from cardiolex.capabilities import WritesReports

    interpreter.networks.require(WritesReports, "write reports")


def _write_each(
    interpreter: Interpreter,
    paths: Sequence[Path],
    decoding: Decoding,
    leads: Sequence[str] | None,
    failures: Failures,
    output: Path | None,
) -> Iterator[Written]:
    files, done = find_each(paths, failures), 0
    seconds = interpreter.checkpoint.preprocess.seconds
    shown = output is not None or not sys.stdout.isatty()
    with progress_bar("writing reports", shown=shown) as progress:
        for chunk in chunks(usable(files, leads, failures), CHUNK):
            for recording, texts in answered(
                chunk, lambda some: interpreter.write_reports(some, decoding), failures
            ):
                last = max(0.0, recording.duration - seconds)
                timed = ((min(n * seconds, last), text) for n, text in enumerate(texts))
                yield Written(recording.id, recording.source, interpreter.name, tuple(timed))
            done += len(chunk)
            progress(done, max(done, len(files)))


def _table(found: Iterable[Written]) -> Iterator[str]:
    for one in found:
        lines = [f"{one.record}  {one.source}"]
        for start, text in one.texts:
            when = f"{start:g} s: " if len(one.texts) > 1 else ""
            shown = f"{when}{text or '(nothing)'}"
            lines.append(textwrap.fill(shown, 96, initial_indent="  ", subsequent_indent="  "))
        yield "\n".join(lines) + "\n\n"


def _csv(found: Iterable[Written]) -> Iterator[str]:
    yield csv_line("record", "start_s", "report")
    for one in found:
        for start, text in one.texts:
            yield csv_line(one.record, f"{start:g}", text)


def _json(found: Iterable[Written]) -> Iterator[str]:
    """One JSON array, an element per recording."""
    separator = "[\n"
    for one in found:
        element: dict[str, Any] = {"record": one.record, "source": one.source, "model": one.model}
        element["reports"] = [{"start_s": start, "text": text} for start, text in one.texts]
        yield separator + json.dumps(element, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"
