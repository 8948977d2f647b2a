"""Writing a store shard by shard, so that a kill costs the shards in work and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cardiolex.datasets.rows import Row
from cardiolex.datasets.store_layout import GAIN_MV, TABLE, Manifest, sha256
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write, make_folder, write_text
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.workers import finished, worker_pool

Failure = tuple[str, str]  # what, why


class ShardSource(Protocol):
    """Plain picklable data that can make any shard by its number, always the same."""

    @property
    def preprocess(self) -> Preprocess:
        """How its recordings became arrays."""
        ...

    def identity(self) -> dict[str, Any]:
        """JSON data that names the source; a half-written store of another one is refused."""
        ...

    def shards(self) -> int:
        """How many shards there are."""
        ...

    def shard(self, number: int, failures: list[Failure]) -> Iterable[Row]:
        """Windows of one shard; what cannot be used is added to `failures`."""
        ...


Engine = Callable[[Path, ShardSource, Sequence[int]], Iterator[int]]
"""Makes the shards of these numbers with `write_shard`, anywhere; yields each number when done."""


def write_store(
    folder: str | Path,
    source: ShardSource,
    *,
    processes: int = 1,
    part: tuple[int, int] = (0, 1),
    engine: Engine | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Failure]:
    """Write `source` to a store, skipping shards that are done; returns everything left out.

    `part` = (i, n) does every n-th shard only, for n machines on one file system; whoever finishes
    the last shard finishes the store. `engine` does the work in place of `processes` of this
    machine. `progress(done, all)` is called after each shard.
    """
    root = Path(folder)
    _claim(root, source)
    numbers = range(source.shards())
    todo = [n for n in numbers if n % part[1] == part[0] and not _marker(root, n).is_file()]
    work = _work(root, source, todo, processes) if engine is None else engine(root, source, todo)
    for done, _ in enumerate(work, 1):
        if progress is not None:
            progress(len(numbers) - len(todo) + done, len(numbers))
    if all(_marker(root, n).is_file() for n in numbers):
        return _finish(root, source)
    return []


def _claim(root: Path, source: ShardSource) -> None:
    """Note whose store this is; refuse one that was begun with other settings."""
    path = root / "source.json"
    mine = json.dumps({"preprocess": source.preprocess.to_dict(), **source.identity()}, indent=1)
    if path.is_file() and path.read_text(encoding="utf-8") != mine:
        raise CardiolexError(
            f"{root}: was begun with other settings or input (see source.json); "
            "choose another folder or delete this one"
        )
    make_folder(root / "shards")
    write_text(path, mine)


def _work(root: Path, source: ShardSource, todo: Sequence[int], processes: int) -> Iterator[int]:
    if processes <= 1 or len(todo) <= 1:
        for number in todo:
            yield write_shard(root, source, number)
        return
    workers = min(processes, len(todo))
    with worker_pool(workers, _remember, root, source) as pool:
        yield from finished(pool, _write_remembered, todo, len(todo) + 1)


_job: dict[str, Any] = {}


def _remember(root: Path, source: ShardSource) -> None:
    """Keep the source in the worker: a list of a million files is sent once, not per shard."""
    _job.update(root=root, source=source)


def _write_remembered(number: int) -> int:
    return write_shard(_job["root"], _job["source"], number)


def write_shard(root: Path, source: ShardSource, number: int) -> int:
    """Write arrays, table and, last, the done marker of one shard; returns its number."""
    failures: list[Failure] = []
    counts: list[NDArray[np.int16]] = []
    table: list[dict[str, Any]] = []
    judged: list[list[str]] = []
    for row in source.shard(number, failures):
        counts.append(np.clip(np.rint(row.ecg / GAIN_MV), -32768, 32767).astype(np.int16))
        table.append(_table_row(row, judged))
    shape = (0, len(LEADS), source.preprocess.samples)
    arrays = _marker(root, number).with_suffix(".npy")
    rows = arrays.with_suffix(".parquet")
    with atomic_write(arrays) as path:
        np.save(path, np.stack(counts) if counts else np.empty(shape, np.int16))
    with atomic_write(rows) as path:
        pq.write_table(pa.Table.from_pylist(table, TABLE), path)
    marker = {
        "file": f"shards/{arrays.name}",
        "rows": len(table),
        "sha256": sha256(arrays),
        "judged": judged,
        "failures": failures,
    }
    write_text(_marker(root, number), json.dumps(marker))
    return number


def _table_row(row: Row, judged: list[list[str]]) -> dict[str, Any]:
    recording, truth = row.recording, row.truth
    place = None
    if truth.judged is not None:
        names = sorted(truth.judged)
        if names not in judged:
            judged.append(names)
        place = judged.index(names)
    return {
        "id": recording.id,
        "patient": recording.patient,
        "age": recording.age,
        "sex": recording.sex,
        "report": recording.report,
        "source": recording.source,
        "start_s": row.start_s,
        "length": row.length,
        "leads": int(sum(1 << int(lead) for lead in np.flatnonzero(row.lead_mask))),
        "present": sorted(truth.present),
        "unknown": sorted(truth.unknown),
        "judged": place,
        "split": row.split or None,
        "codes": list(row.codes),
    }


def _finish(root: Path, source: ShardSource) -> list[Failure]:
    """Join the tables, write the manifest, clear away; returns all failures."""
    markers = [json.loads(_marker(root, n).read_text()) for n in range(source.shards())]
    judged: list[list[str]] = []
    if not (root / "manifest.json").is_file():
        with atomic_write(root / "table.parquet") as path, pq.ParquetWriter(path, TABLE) as writer:
            for number, marker in enumerate(markers):
                writer.write_table(_renumbered(root, number, marker["judged"], judged))
        manifest = Manifest(
            preprocess=source.preprocess.to_dict(),
            leads=LEADS,
            samples=source.preprocess.samples,
            shards=[{key: m[key] for key in ("file", "rows", "sha256")} for m in markers],
            judged=judged,
            source=source.identity(),
        )
        write_text(root / "manifest.json", manifest.to_json())
    for leftover in [*root.glob("shards/*.parquet"), *root.glob("shards/.*")]:
        leftover.unlink(missing_ok=True)
    return [(what, why) for marker in markers for what, why in marker["failures"]]


def _renumbered(root: Path, number: int, own: list[list[str]], judged: list[list[str]]) -> pa.Table:
    """Table of one shard with its `judged` column numbered by the whole store's list."""
    judged.extend(names for names in own if names not in judged)
    table = pq.read_table(root / "shards" / f"{number:05d}.parquet", schema=TABLE)
    places = [None if n is None else judged.index(own[n]) for n in table["judged"].to_pylist()]
    at = table.schema.get_field_index("judged")
    return table.set_column(at, TABLE.field("judged"), pa.array(places, pa.int16()))


def _marker(root: Path, number: int) -> Path:
    return root / "shards" / f"{number:05d}.json"
