"""One pass over a table of reports: labels, mentions, statistics, audit page."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.reports.entities_found import Counting, Extractor
from cardiolex.reports.tables.audit import audit_page
from cardiolex.reports.tables.chart import frequency_svg
from cardiolex.reports.tables.label_file import write_labels
from cardiolex.reports.tables.parts import Part, PartFiles, PartWriter, parts
from cardiolex.reports.tables.sources import Report, Skips
from cardiolex.reports.tables.tally import Tally, statistics_csv
from cardiolex.reports.tables.unfinished import Unfinished
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.workers import finished, worker_pool

MENTIONS = "mentions.jsonl"
LOST = "nothing understood, so no labels"


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
    processes: int = 1,
    identity: Sequence[str] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> Summary:
    """Extract all reports into `folder`; each file appears whole or not at all.

    Writes labels.npz (`ReportLabels`), mentions.jsonl (one line a record, unless `mentions` is
    off), statistics.csv, frequency.svg, audit.html and vocabulary.json. Memory does not grow with
    the number of reports. The files are the same for any number of `processes`; more than one need
    an extractor that can be pickled.

    With an `identity` of the reports (see `source_of`) a run that was killed is gone on with:
    its parts are kept in `folder`/unfinished until all are done. `progress` is told how many
    reports are done.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise CardiolexError(f"{folder}: is a file. Name a folder for the results.")
    skips = skips if skips is not None else Skips()
    whose = [*identity, extractor.name, extractor.version, vocabulary.fingerprint, str(mentions)]
    unfinished = Unfinished(folder, whose if identity else ())
    cut = parts(reports)
    first = list(islice(cut, 2))
    if not first:
        raise CardiolexError(f"{title}: holds no report. {_reasons(skips)}".rstrip())
    unfinished.claim()
    writer = PartWriter(unfinished.folder, extractor, vocabulary, mentions)
    workers = processes if len(first) > 1 else 1
    count = _work(chain(first, cut), writer, unfinished, workers, progress)
    done = [unfinished.part(number) for number in range(count)]
    tally = _write(unfinished.results(), done, skips, vocabulary, title, extractor, mentions)
    if not mentions:
        (folder / MENTIONS).unlink(missing_ok=True)
    unfinished.publish(folder)
    share = tally.accounted / tally.texts if tally.texts else 1.0
    return Summary(tally.records, tally.texts, share, dict(skips.counts), folder)


def _reasons(skips: Skips) -> str:
    return "; ".join(f"{why}: {n} ({skips.examples[why]})" for why, n in skips.counts.items())


def _work(
    cut: Iterable[Part],
    writer: PartWriter,
    unfinished: Unfinished,
    processes: int,
    progress: Callable[[int], None],
) -> int:
    """Write every part that is not done yet; returns how many parts there are."""
    count = reports = 0

    def told(more: int) -> None:
        nonlocal reports
        reports += more
        progress(reports)

    def left() -> Iterator[Part]:
        nonlocal count
        for part in cut:
            count += 1
            if unfinished.part(part.number).done:
                told(len(part.reports))
            else:
                yield part

    with ExitStack() as stack:
        if processes > 1:
            pool = stack.enter_context(worker_pool(processes, _remember, writer))
            results = finished(pool, _write_remembered, left(), 2 * processes)
        else:
            results = map(writer.write, left())
        for more in results:
            told(more)
    return count


_writer: list[PartWriter] = []


def _remember(writer: PartWriter) -> None:
    """Keep the writer in the worker process: rules are built once, not per part."""
    _writer[:] = [writer]


def _write_remembered(part: Part) -> int:
    return _writer[0].write(part)


def _write(
    folder: Path,
    done: Sequence[PartFiles],
    skips: Skips,
    vocabulary: Vocabulary,
    title: str,
    extractor: Extractor,
    mentions: bool,
) -> Tally:
    """Join the parts to the results."""
    tally = Tally()
    for files in done:
        part, counts = files.read_counts()
        tally.merge(part)
        if isinstance(extractor, Counting):
            extractor.add_counts(counts)
    if mentions:
        _join([files.mentions for files in done], folder / MENTIONS)
    who = f"{extractor.name} {extractor.version}"
    if tally.lost:
        skips.add(LOST, repr(tally.lost_first), tally.lost)
    sections = extractor.sections() if isinstance(extractor, Counting) else ()
    page = audit_page(tally, skips, vocabulary, title=title, extractor=who, sections=sections)
    write_text(folder / "audit.html", page)
    write_text(folder / "statistics.csv", statistics_csv(tally.statistics(vocabulary)))
    write_text(folder / "frequency.svg", frequency_svg(tally.frequencies("present")))
    vocabulary.save(folder / "vocabulary.json")
    write_labels(folder / "labels.npz", [files.labels for files in done], vocabulary)
    return tally


def _join(files: Sequence[Path], path: Path) -> None:
    with path.open("wb") as whole:
        for file in files:
            with file.open("rb") as lines:
                shutil.copyfileobj(lines, whole, 1 << 20)
        whole.flush()
        os.fsync(whole.fileno())
