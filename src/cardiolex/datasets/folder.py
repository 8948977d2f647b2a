"""A folder of readable recordings, with or without a CSV about them, as a store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cardiolex.datasets.extracted import ExtractedLabels
from cardiolex.datasets.metadata import Details, Metadata
from cardiolex.datasets.names import names_of
from cardiolex.datasets.rows import Row, Truth, rows
from cardiolex.datasets.store_layout import Manifest
from cardiolex.datasets.store_writer import Failure, write_store
from cardiolex.errors import CardiolexError
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.readers import find_recordings, read_all
from cardiolex.recordings.recording import Recording
from cardiolex.reports.vocabulary import Vocabulary


@dataclass(frozen=True)
class Prepared:
    """What became of a folder."""

    windows: int
    failures: tuple[Failure, ...]
    """Files that cannot be used and rows of the CSV without a file, each with the reason."""
    ignored_columns: tuple[str, ...]
    unlabelled: tuple[str, ...] = ()
    """Stored recordings whose report was not among those extracted (none, without `labels`)."""


@dataclass(frozen=True)
class FolderShards:
    """Files of a folder in a fixed order, cut into shards."""

    root: Path
    files: tuple[str, ...]
    preprocess: Preprocess
    vocabulary: Vocabulary
    details: Mapping[str, Details] = field(default_factory=dict)
    shard_size: int = 256
    labels: ExtractedLabels | None = None

    def identity(self) -> dict[str, Any]:
        """Changes with the list of files, with what the CSV says and with the labels."""
        told = repr((self.files, sorted(self.details.items())))
        digest = hashlib.sha256(told.encode()).hexdigest()
        facts = {"files": len(self.files), "shard_size": self.shard_size, "sha": digest}
        if self.labels is not None:
            facts["labels"] = self.labels.digest
        return {"folder": facts}

    def shards(self) -> int:
        """Number of shards."""
        return -(-len(self.files) // self.shard_size)

    def shard(self, number: int, failures: list[Failure]) -> Iterator[Row]:
        """Read, complete and cut the recordings of one shard."""
        first = number * self.shard_size
        for name in self.files[first : first + self.shard_size]:
            for _, recording in read_all([self.root / name]):
                if isinstance(recording, Exception):
                    failures.append((name, str(recording)))
                    continue
                try:
                    yield from rows(*self._complete(name, recording), self.preprocess)
                except CardiolexError as error:
                    failures.append((name, str(error)))

    def _complete(self, name: str, recording: Recording) -> tuple[Recording, Truth]:
        told = next(
            (self.details[key] for key in names_of(name, recording.id) if key in self.details),
            Details(),
        )
        given = {
            key: value
            for key in ("patient", "age", "sex", "report")
            if (value := getattr(told, key)) is not None
        }
        named = replace(recording, id=recording.id or name, source=name, **given)
        return named, self._extracted(named) or told.truth or self._own_labels(recording)

    def _extracted(self, recording: Recording) -> Truth | None:
        if self.labels is None:
            return None
        row = self.labels.row(names_of(recording.source, recording.id))
        return None if row is None else self.labels.truth(row)

    def _own_labels(self, recording: Recording) -> Truth:
        """Labels in the file itself; nothing says what else was looked for."""
        names = {name for label in recording.labels for name in known(label, self.vocabulary)}
        return Truth(tuple(sorted(names)), (), ())


def prepare_folder(
    source: str | Path,
    store: str | Path,
    *,
    preprocess: Preprocess,
    metadata: str | Path | None = None,
    labels: str | Path | None = None,
    vocabulary: Vocabulary | None = None,
    shard_size: int = 256,
    processes: int = 1,
    part: tuple[int, int] = (0, 1),
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Write every readable recording under `source` to a store; after a kill, call it again.

    `labels` is the folder of an extraction from the recordings' reports. A record that it has gets
    its findings, present, absent and unknown; they go before those of the CSV and of the file.
    """
    root, vocabulary = Path(source), vocabulary or Vocabulary.load()
    files = tuple(sorted(path.relative_to(root).as_posix() for path in find_recordings(root)))
    if not files:
        raise CardiolexError(f"{root}: holds no recording in a format that cardiolex reads")
    told = Metadata({}) if metadata is None else Metadata.read(metadata, vocabulary)
    extracted = None if labels is None else ExtractedLabels(labels)
    shards = FolderShards(root, files, preprocess, vocabulary, told.details, shard_size, extracted)
    failures = write_store(store, shards, processes=processes, part=part, progress=progress)
    if not (Path(store) / "manifest.json").is_file():
        return Prepared(0, (), told.ignored_columns)  # other machines are still at work
    windows = sum(shard["rows"] for shard in Manifest.read(Path(store)).shards)
    missing = tuple(failures + _fileless(told, store))
    return Prepared(windows, missing, told.ignored_columns, _unlabelled(extracted, store))


def known(label: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Names of a label that is a wording or a code of SNOMED CT, SCP-ECG or CSN."""
    name = vocabulary.resolve(label)
    if name is not None:
        return (name,)
    return next((n for s in ("snomed", "scp", "csn") if (n := vocabulary.from_code(s, label))), ())


def _fileless(told: Metadata, store: str | Path) -> list[Failure]:
    """Rows of the CSV for which no recording was stored under any of its names."""
    if not told.details:
        return []
    stored: set[str] = set()
    for where, identity in _stored(store):
        stored.update((identity, *names_of(where, identity)))
    return [
        (k, "in the CSV, but no such recording was stored") for k in told.details if k not in stored
    ]


def _unlabelled(labels: ExtractedLabels | None, store: str | Path) -> tuple[str, ...]:
    """Files of stored recordings without labels, each once."""
    recordings = list(dict.fromkeys(_stored(store))) if labels is not None else []
    if labels is None or not recordings:
        return ()
    rows = labels.join(*zip(*recordings, strict=True))
    return tuple(file for (file, _), row in zip(recordings, rows, strict=True) if row < 0)


def _stored(store: str | Path) -> Iterator[tuple[str, str]]:
    """File and id of every window of a store."""
    import pyarrow.parquet as pq

    table = pq.read_table(Path(store) / "table.parquet", columns=["source", "id"])
    yield from zip(*(table[c].to_pylist() for c in ("source", "id")), strict=True)
