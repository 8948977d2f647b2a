"""Commands that find recordings and reports by likeness: search build, search find."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cardiolex.cli.answers import CHUNK, answered, usable
from cardiolex.cli.batch import Failures, chunks, find_each, lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.found import Query, draw, write_found
from cardiolex.cli.options import LeadsOnly, ModelFolder, OutputFile, Recordings
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardiolex.evaluation.report_table import ReportTable
    from cardiolex.interpreter import Interpreter
    from cardiolex.recordings.recording import Recording
    from cardiolex.search import Entry, IndexWriter, Kind, Maker, SearchIndex

TEXTS = 1024  # texts embedded at a time


def build(
    paths: Recordings = [],  # noqa: B006
    /,
    *,
    output: Path,
    reports: Path | None = None,
    leads: LeadsOnly = None,
    model: ModelFolder = None,
) -> int:
    """Make a searchable folder of recordings and reports.

    Parameters
    ----------
    output
        Folder for the index; an index that is there is replaced.
    reports
        CSV with `record`, `report`, maybe `patient`: reports to find, also as the recordings' own.
    """
    from cardiolex.evaluation.report_table import read_report_table
    from cardiolex.files import check_replaceable
    from cardiolex.interpreter import load
    from cardiolex.search import FILE, write_index

    if not paths and reports is None:
        raise CallError("nothing to index: name recordings, --reports FILE.csv, or both")
    check_replaceable(output, FILE)
    chosen = lead_names(leads)
    told = _Told(None if reports is None else read_report_table(reports))
    failures = Failures()
    interpreter = load(model)
    maker = _maker(interpreter, model)
    if reports is not None and maker.space == "recordings":
        print(
            f"cardiolex: {interpreter.name} cannot compare texts with recordings: reports are "
            "shown with their recordings but cannot be searched",
            file=sys.stderr,
        )
    with write_index(output, maker) as writer:
        _add_recordings(interpreter, writer, paths, chosen, told, failures)
        if maker.space == "shared":
            _add_reports(interpreter, writer, told.reports())
        counts = writer.counts
    print(f"{counts['recording']} recordings, {counts['report']} different reports in {output}")
    return failures.close(counts["recording"])


def find(
    index: Path,
    paths: Annotated[list[Path], Parameter(negative=())] = [],  # noqa: B006
    /,
    *,
    text: Annotated[list[str], Parameter(negative=())] = [],  # noqa: B006
    among: Literal["recordings", "reports", "both"] = "both",
    top: int = 5,
    leads: str | None = None,
    model: Path | None = None,
    format: Literal["table", "json", "csv"] = "table",
    output: OutputFile = None,
    plot: Path | None = None,
) -> int:
    """Find the recordings and reports nearest to recordings or sentences.

    Parameters
    ----------
    index
        A folder made by `cardiolex search build`.
    paths
        Recordings to find the like of; a file that is in the index does not find itself.
    text
        A sentence to search with, e.g. "atrial fibrillation with rapid response"; may be repeated.
    among
        What to look for. The two kinds are ranked apart: their similarities do not compare.
    top
        How many of each kind.
    leads
        Use these leads of the recordings only, e.g. "I,II".
    model
        The checkpoint folder that the index was built with, if it has moved.
    format
        table for people; json; csv: query,among,rank,similarity,id,patient,records,report,source.
    plot
        Folder for one picture per query with strips of the nearest recordings.
    """
    from cardiolex.interpreter import load
    from cardiolex.search import SearchIndex

    if not paths and not text:
        raise CallError('nothing to search with: name recordings, or give --text "..."')
    if top < 1:
        raise CallError(f"--top {top}: give a number from 1")
    shelf = SearchIndex(index)
    kinds = _kinds(shelf, among)
    folder = model if model is not None else _known_model(shelf)
    interpreter = load(folder)
    shelf.check_maker(_maker(interpreter, folder))
    failures = Failures()
    queries = _queries(interpreter, paths, text, lead_names(leads), failures)
    found = _search(shelf, queries, kinds, top)
    if plot is not None:
        found = (draw(one, plot) for one in found)
    done = write_found(found, format, output)
    if not done and not failures.reasons:
        raise CardiolexError(f"no recording found in {', '.join(map(str, paths))}")
    return failures.close(done)


def _maker(interpreter: Interpreter, folder: Path | None) -> Maker:
    return interpreter.maker("" if folder is None else str(folder.resolve()))


def _known_model(index: SearchIndex) -> Path | None:
    if not index.maker.folder:
        return None
    folder = Path(index.maker.folder)
    if not folder.is_dir():
        raise CardiolexError(
            f"{index.folder}: was built with the model {index.maker.name} in {folder}, which is "
            "not there; name its folder with --model"
        )
    return folder


def _kinds(index: SearchIndex, among: str) -> list[Kind]:
    both: list[Kind] = ["recording", "report"]
    wanted = both if among == "both" else [kind for kind in both if among == f"{kind}s"]
    there = [kind for kind in wanted if index.counts[kind]]
    if not there:
        raise CardiolexError(f"{index.folder}: holds no {among}; build it with some")
    return there


class _Told:
    """What a table of reports says about recordings, found by the end of their path or by id."""

    def __init__(self, table: ReportTable | None) -> None:
        from cardiolex.evaluation.report_table import rows_by_name

        self.table = table
        self.rows = {} if table is None else rows_by_name(table)
        self.silent: list[Entry] = []
        """Recordings with a report of their own, of which the table says nothing."""

    def entry(self, path: Path, recording: Recording) -> Entry:
        """The entry of a recording, with the table's report and patient before the file's own."""
        from cardiolex.evaluation.report_table import endings
        from cardiolex.search import Entry

        report, patient = recording.report or "", recording.patient or ""
        names = [*endings(path), recording.id]
        row = next((self.rows[name] for name in names if name in self.rows), None)
        if self.table is not None and row is not None:
            report = self.table.reports[row]
            patient = self.table.patients[row] if self.table.patients else patient
        entry = Entry(recording.id, report, patient, str(path.resolve()))
        if row is None and report.strip():
            self.silent.append(entry)
        return entry

    def reports(self) -> list[Entry]:
        """Every report of the table, and those that only recordings carry."""
        from cardiolex.search import Entry

        table = self.table
        if table is None:
            return self.silent
        patients = table.patients or [""] * len(table)
        rows = zip(table.records, table.reports, patients, strict=True)
        return [*(Entry(*row) for row in rows), *self.silent]


def _add_recordings(
    interpreter: Interpreter,
    writer: IndexWriter,
    paths: Sequence[Path],
    leads: Sequence[str] | None,
    told: _Told,
    failures: Failures,
) -> None:
    """Embed and write every usable recording."""
    import numpy as np

    embed, files, done = _embed(interpreter), find_each(paths, failures), 0
    with progress_bar("embedding recordings") as progress:
        for chunk in chunks(usable(files, leads, failures), CHUNK):
            where = {id(recording): path for path, recording in chunk}
            rows = [(told.entry(where[id(r)], r), v) for r, v in answered(chunk, embed, failures)]
            if rows:
                writer.add("recording", np.stack([v for _, v in rows]), [e for e, _ in rows])
            done += len(chunk)
            progress(done, max(done, len(files)))


def _add_reports(interpreter: Interpreter, writer: IndexWriter, entries: Sequence[Entry]) -> None:
    """Embed and write every different report, once."""
    from cardiolex.evaluation.report_table import same_text
    from cardiolex.search import distinct

    different = list(distinct((same_text(entry.report), entry) for entry in entries))
    with progress_bar("embedding reports") as progress:
        for start in range(0, len(different), TEXTS):
            part = different[start : start + TEXTS]
            writer.add("report", interpreter.embed_text([e.report for e in part]), part)
            progress(start + len(part), len(different))


def _embed(interpreter: Interpreter) -> Callable[[Sequence[Recording]], NDArray[np.float32]]:
    from cardiolex.capabilities import Aligns

    aligns = isinstance(interpreter.system, Aligns)
    return interpreter.project if aligns else interpreter.embed


def _queries(
    interpreter: Interpreter,
    paths: Sequence[Path],
    texts: Sequence[str],
    leads: Sequence[str] | None,
    failures: Failures,
) -> Iterator[Query]:
    if texts:
        for text, vector in zip(texts, interpreter.embed_text(texts), strict=True):
            yield Query(text, vector)
    embed = _embed(interpreter)
    for chunk in chunks(usable(find_each(paths, failures), leads, failures), CHUNK):
        where = {id(recording): path for path, recording in chunk}
        for recording, vector in answered(chunk, embed, failures):
            yield Query(recording.id, vector, recording, str(where[id(recording)].resolve()))


def _search(
    index: SearchIndex, queries: Iterator[Query], kinds: Sequence[Kind], top: int
) -> Iterator[Query]:
    for query in queries:
        own = index.rows_from(query.source) if query.source else []
        for kind in kinds:
            hidden = [own if kind == "recording" else []]
            (query.hits[kind],) = index.nearest(query.vector[None], top, kind, hidden)
        yield query
