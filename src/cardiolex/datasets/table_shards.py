"""The recordings of a table as shards of a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cardiolex.datasets.extracted import ExtractedLabels
from cardiolex.datasets.names import names_of
from cardiolex.datasets.records_table import read_records
from cardiolex.datasets.rows import Row, Truth, rows
from cardiolex.datasets.sources.entry import Entry
from cardiolex.datasets.store_layout import sha256
from cardiolex.errors import CardiolexError
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording


@dataclass(frozen=True)
class TableShards:
    """Recordings of `table` (see `records_table`) below `root`, one row group per shard.

    Plain picklable data: workers on any machine that sees both paths can make any shard.
    """

    name: str
    root: Path
    table: Path
    count: int
    preprocess: Preprocess
    shard_size: int
    options: tuple[tuple[str, str], ...] = ()
    labels: ExtractedLabels | None = None

    @cached_property
    def _identity(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "name": self.name,
            "recordings": self.count,
            "shard_size": self.shard_size,
            "table": sha256(self.table),
            **dict(self.options),
        }
        if self.labels is not None:
            facts["labels"] = self.labels.digest
        return {"data set": facts}

    def identity(self) -> dict[str, Any]:
        """Changes with anything that the tables of the data set say, and with the labels."""
        return self._identity

    def shards(self) -> int:
        """Number of shards."""
        return -(-self.count // self.shard_size)

    def shard(self, number: int, failures: list[tuple[str, str]]) -> Iterator[Row]:
        """Read, complete and cut the recordings of one shard."""
        for entry in read_records(self.table, number):
            try:
                recording = self._complete(entry)
                for row in rows(recording, self.truth(entry), self.preprocess):
                    yield replace(row, split=entry.split, codes=entry.codes)
            except (CardiolexError, OSError) as error:
                failures.append((_named(entry), str(error)))

    def _complete(self, entry: Entry) -> Recording:
        recording = read(self.root / entry.file, index=entry.row)
        given = {
            key: value
            for key in ("patient", "age", "sex", "report")
            if (value := getattr(entry, key)) is not None
        }
        return replace(recording, id=entry.id, source=entry.file, **given)

    def truth(self, entry: Entry) -> Truth:
        """What is known of a recording: the extraction where it has it, else the tables."""
        if self.labels is None:
            return entry.truth
        row = self.labels.row(names_of(entry.file, entry.id))
        return entry.truth if row is None else self.labels.truth(row)


def _named(entry: Entry) -> str:
    return entry.file if entry.row is None else f"{entry.file}, exam {entry.id}"
