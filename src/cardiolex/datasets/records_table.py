"""The table of a data set's recordings, made once and read shard by shard.

records.parquet in the folder of a store: one row per recording, one row group per shard, so that
workers read their part only and memory stays flat however long the table is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry
from cardiolex.files import atomic_write

_names = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("id", pa.string()),
        ("row", pa.int32()),
        ("patient", pa.string()),
        ("age", pa.float32()),
        ("sex", pa.string()),
        ("report", pa.string()),
        ("present", _names),
        ("unknown", _names),
        ("judged", pa.int32()),  # number of a set; null = everything
        ("codes", _names),
        ("split", pa.string()),
    ]
)


@dataclass
class Written:
    """What became of the entries: how many, and the sets of names that were judged."""

    count: int = 0
    judged: list[tuple[str, ...]] = field(default_factory=list)


def write_records(path: Path, entries: Iterable[Entry], shard_size: int) -> Written:
    """Write entries as they come, `shard_size` per row group."""
    written = Written()
    numbers: dict[tuple[str, ...], int] = {}
    entries = iter(entries)
    with atomic_write(path) as temporary, pq.ParquetWriter(temporary, SCHEMA) as writer:
        while group := list(islice(entries, shard_size)):
            rows = [_row(entry, numbers) for entry in group]
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA), row_group_size=shard_size)
            written.count += len(group)
        writer.add_key_value_metadata({"judged": json.dumps(list(numbers))})
    written.judged = list(numbers)
    return written


def _row(entry: Entry, numbers: dict[tuple[str, ...], int]) -> dict[str, Any]:
    truth = entry.truth
    judged = None
    if truth.judged is not None:
        judged = numbers.setdefault(tuple(truth.judged), len(numbers))
    plain = {name: getattr(entry, name) for name in SCHEMA.names if hasattr(entry, name)}
    told = {"present": list(truth.present), "unknown": list(truth.unknown), "judged": judged}
    return {**plain, "codes": list(entry.codes), **told}


def read_records(path: Path, shard: int | None = None) -> Iterator[Entry]:
    """Yield the entries of one shard, or of all."""
    with pq.ParquetFile(path) as file:
        judged = [tuple(names) for names in json.loads(file.metadata.metadata[b"judged"])]
        shards = range(file.num_row_groups) if shard is None else [shard]
        for number in shards:
            for row in file.read_row_group(number).to_pylist():
                yield _entry(row, judged)


def _entry(row: dict[str, Any], judged: list[tuple[str, ...]]) -> Entry:
    looked_for = None if row["judged"] is None else judged[row["judged"]]
    truth = Truth(tuple(row["present"]), tuple(row["unknown"]), looked_for)
    left = {k: v for k, v in row.items() if k not in ("present", "unknown", "judged", "codes")}
    return Entry(**left, truth=truth, codes=tuple(row["codes"]))
