"""A public data set as a store: its tables first, then its recordings, shard by shard."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cardiolex.datasets.extracted import ExtractedLabels
from cardiolex.datasets.records_table import read_records, write_records
from cardiolex.datasets.sources import SOURCES, Entry, Reading, Source
from cardiolex.datasets.splits import Face
from cardiolex.datasets.store_layout import Manifest, sha256
from cardiolex.datasets.store_writer import Engine, Failure, write_store
from cardiolex.datasets.table_shards import TableShards
from cardiolex.datasets.truth_export import write_truths
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary

TABLE, FAILURES = "records.parquet", "failures.csv"


@dataclass(frozen=True)
class PreparedSet:
    """What became of a data set; `finished` is False while other machines are at work."""

    recordings: int
    windows: int
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    truths: tuple[Path, ...] = ()
    """Truth tables of the parts, for `cardiolex evaluate`."""
    finished: bool = True


def prepare_set(
    name: str,
    root: str | Path,
    store: str | Path,
    *,
    preprocess: Preprocess,
    face: Face = "strict",
    rate: int | None = None,
    labels: str | Path | None = None,
    vocabulary: Vocabulary | None = None,
    shard_size: int = 512,
    processes: int = 1,
    part: tuple[int, int] = (0, 1),
    engine: Engine | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PreparedSet:
    """Write data set `name` (see `sources.SOURCES`) to a store; after a kill, call it again.

    `labels` is the folder of an extraction from the reports; a record that it has gets its
    findings. What cannot be used is listed with the reason, also in the store's failures.csv.
    CardiolexError for a folder of something else, for tables with other columns or labels, and if
    not one recording is there.
    """
    source, root, store = SOURCES[name], Path(root).resolve(), Path(store).resolve()
    reading = _reading(source, root, vocabulary or Vocabulary.load(), face, rate)
    fresh = store / f".{TABLE}"
    written = write_records(fresh, _present(source, reading), shard_size)
    if not written.count:
        first = f", e.g. {reading.failures[0][0]}" if reading.failures else ""
        raise CardiolexError(
            f"{root}: none of the {len(reading.failures)} recordings that the tables of "
            f"{source.title} name is there{first}. Expected: {source.layout}"
        )
    _take(fresh, store)
    extracted = None if labels is None else ExtractedLabels(labels)
    options = (("face", face), ("rate", str(reading.rate)))
    shards = TableShards(
        name, root, store / TABLE, written.count, preprocess, shard_size, options, extracted
    )
    failed = write_store(
        store, shards, processes=processes, part=part, engine=engine, progress=progress
    )
    if not (store / "manifest.json").is_file():
        return PreparedSet(written.count, 0, (), tuple(reading.notes), finished=False)
    failures = (*reading.failures, *failed)
    _write_failures(store / FAILURES, failures)
    windows = sum(shard["rows"] for shard in Manifest.read(store).shards)
    truths = _truths(shards, reading.vocabulary, {name for name, _ in failed})
    return PreparedSet(written.count, windows, failures, tuple(reading.notes), truths)


def read_set(
    name: str, root: str | Path, *, face: Face = "strict", rate: int | None = None
) -> tuple[list[Entry], Reading]:
    """The recordings of a data set that are there, from its tables alone, and what was noted."""
    reading = _reading(SOURCES[name], Path(root), Vocabulary.load(), face, rate)
    return list(_present(SOURCES[name], reading)), reading


def _reading(
    source: Source, root: Path, vocabulary: Vocabulary, face: Face, rate: int | None
) -> Reading:
    if not root.is_dir():
        raise CardiolexError(f"{root}: no such folder; name the folder of {source.title}")
    rates = source.rates or (500,)
    if rate is not None and (not source.rates or rate not in rates):
        offered = " and ".join(map(str, source.rates)) or "one rate only"
        raise CardiolexError(f"rate {rate}: {source.title} comes at {offered}")
    return Reading(root, vocabulary, face, rate or rates[0])


def _present(source: Source, reading: Reading) -> Iterator[Entry]:
    """Entries whose file is there; the others are failures."""
    seen: set[str] = set()
    for entry in source.entries(reading):
        if entry.id in seen:
            reading.failures.append((entry.file, f"record {entry.id} stands there twice"))
        elif not (reading.root / entry.file).is_file():
            reading.failures.append((entry.file, "no such file; is the download complete?"))
        else:
            seen.add(entry.id)
            yield entry


def _take(fresh: Path, store: Path) -> None:
    """Make `fresh` the table of the store; refused where the store was begun with another one."""
    table = store / TABLE
    if table.is_file() and (store / "source.json").is_file() and sha256(fresh) != sha256(table):
        fresh.unlink()
        raise CardiolexError(
            f"{store}: was begun with other tables or another set of files (a download that has "
            "gone on?); choose another folder or delete this one"
        )
    fresh.replace(table)


def _truths(shards: TableShards, vocabulary: Vocabulary, failed: set[str]) -> tuple[Path, ...]:
    if shards.labels is not None:
        shards.labels.check(vocabulary)
    return tuple(
        write_truths(
            shards.table.parent,
            lambda: read_records(shards.table),
            shards.truth,
            vocabulary,
            failed,
        )
    )


def _write_failures(path: Path, failures: Sequence[Failure]) -> None:
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["record", "reason"])
        writer.writerows(failures)
