"""Recordings measured on random sets of their leads: what a reader of measurements learns from.

Each recording is measured three times: with all its leads, with one, and with a few. Measuring
takes longer than learning, so the values are kept in parts on disk, which are memory-mapped: an
interrupted run goes on, and memory stays flat. Shapes: N views, K values, Q entities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.datasets.batches import Example
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write, write_text
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.measurements import NAMES, VERSION
from cardiolex.recordings.measurements.windows import measure_window
from cardiolex.workers import finished, worker_pool

UNKNOWN = -1
WORN = (
    ("I", "II"),
    ("II", "V1"),
    ("I", "II", "V2"),
    ("II", "V5"),
    ("I", "II", "V1", "V5"),
    LEADS[:6],
    LEADS[6:],
)
"""Sets of leads that devices record."""
FAVOURED = {"I": 3.0, "II": 3.0, "V1": 3.0}
"""How much more often than others a lead is the only one."""
VIEWS = 3  # of a recording, the one of all leads first
_MOST = 8  # leads of a random set


class Labelled(Protocol):
    """A map-style data set of `Example`s in millivolts."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Example: ...


@dataclass(frozen=True)
class MeasuredBatch:
    """`measured` (B, K) with NaN, `labels` (B, Q) of 1, 0 and NaN.

    `whole` (B, K) are the values of the same recordings from all their leads.
    """

    measured: Tensor
    labels: Tensor
    whole: Tensor

    def to(self, device: torch.device | str) -> Self:
        """The same batch on `device`."""
        moved = {f.name: getattr(self, f.name).to(device) for f in fields(self)}
        return type(self)(**moved)


class MeasuredViews:
    """The finished parts in a folder as a map-style data set of views.

    A view is a row of values and labels, and the values of the recording's view of all leads.
    """

    def __init__(self, folder: str | Path) -> None:
        self.paths = sorted(Path(folder).glob("part-*.npy"))
        if not self.paths:
            raise CardiolexError(f"{folder}: holds no measured recordings (part-*.npy)")

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        part = int(np.searchsorted(self._ends, index, side="right"))
        rows = self._parts[part]
        row = len(rows) - int(self._ends[part]) + index
        return rows[row], rows[row - row % VIEWS]["values"]

    def values(self, most: int = 50_000) -> NDArray[np.float32]:
        """Values (N, K) of at most about `most` views, evenly taken."""
        step = max(1, len(self) // most)
        return np.concatenate([part["values"][::step] for part in self._parts])

    def positives(self) -> NDArray[np.bool_]:
        """Which entities (Q,) any view has."""
        found: NDArray[np.bool_] = np.any([(p["labels"] == 1).any(0) for p in self._parts], axis=0)
        return found

    def known(self) -> NDArray[np.bool_]:
        """Of which entities (Q,) anything is known."""
        found: NDArray[np.bool_] = np.any(
            [(p["labels"] != UNKNOWN).any(0) for p in self._parts], axis=0
        )
        return found

    @cached_property
    def _parts(self) -> list[Any]:
        return [np.load(path, mmap_mode="r", allow_pickle=False) for path in self.paths]

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum([len(part) for part in self._parts])


def collate_views(views: Sequence[tuple[Any, Any]]) -> MeasuredBatch:
    """Stack views; labels that are unknown become NaN."""
    rows = np.stack([row for row, _ in views])
    labels = rows["labels"].astype(np.float32)
    labels[rows["labels"] == UNKNOWN] = np.nan
    arrays = (rows["values"].copy(), labels, np.stack([whole for _, whole in views]))
    return MeasuredBatch(*(torch.from_numpy(array) for array in arrays))


def measure_examples(
    folder: str | Path,
    examples: Labelled,
    fs: float,
    *,
    seed: int = 0,
    identity: str = "",
    part: int = 250,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> MeasuredViews:
    """Measure all `examples` (at `fs` Hz) in `folder`, `part` recordings to a file.

    Parts that are there are kept. `identity` names the examples: a folder begun with others is
    refused.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    facts = {"identity": identity, "count": len(examples), "seed": seed, "fs": fs, "part": part}
    _claim(root, facts)
    job = _Job(root, examples, fs, seed, part)
    numbers = range(-(-len(examples) // part))
    todo = [number for number in numbers if not job.path(number).is_file()]
    kept = len(numbers) - len(todo)
    for made, _ in enumerate(_work(job, todo, processes), 1):
        if progress is not None:
            progress(min((kept + made) * part, len(examples)), len(examples))
    return MeasuredViews(root)


def _work(job: _Job, todo: Sequence[int], processes: int) -> Iterator[int]:
    if processes <= 1:
        yield from map(job.write, todo)
        return
    with worker_pool(processes, _remember, job) as pool:
        yield from finished(pool, _write_part, todo, 2 * processes)


def lead_views(
    present: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], ...]:
    """Three sets of leads (12,) out of those `present`: all, one, and a few."""
    there = np.flatnonzero(present)
    weights = np.array([FAVOURED.get(LEADS[lead], 1.0) for lead in there])
    one = rng.choice(there, p=weights / weights.sum())
    if rng.random() < 0.5:
        worn = WORN[rng.integers(len(WORN))]
        few = np.array([lead for lead in there if LEADS[lead] in worn], int)
    else:
        few = rng.choice(there, min(int(rng.integers(2, _MOST + 1)), len(there)), replace=False)
    sets = (there, np.array([one]), few if len(few) else there)
    return tuple(np.isin(np.arange(len(LEADS)), chosen) for chosen in sets)


@dataclass(frozen=True)
class _Job:
    root: Path
    examples: Labelled
    fs: float
    seed: int
    part: int

    def path(self, number: int) -> Path:
        return self.root / f"part-{number:05d}.npy"

    def write(self, number: int) -> int:
        first = number * self.part
        indices = range(first, min(first + self.part, len(self.examples)))
        rows = [row for index in indices for row in self._views(index)]
        with atomic_write(self.path(number)) as path:
            np.save(path, np.array(rows, _row_type(len(rows[0][1]))))
        return number

    def _views(self, index: int) -> list[tuple[NDArray[np.float32], NDArray[np.int8]]]:
        example = self.examples[index]
        ecg = example.ecg.astype(np.float32) * example.gain
        labels = np.where(np.isnan(example.labels), UNKNOWN, example.labels).astype(np.int8)
        rng = np.random.default_rng((self.seed, index))
        return [
            (measure_window(ecg, leads, example.sample_mask, self.fs), labels)
            for leads in lead_views(example.lead_mask, rng)
        ]


def _row_type(entities: int) -> np.dtype[np.void]:
    return np.dtype([("values", np.float32, (len(NAMES),)), ("labels", np.int8, (entities,))])


def _claim(root: Path, facts: dict[str, Any]) -> None:
    path = root / "source.json"
    mine = json.dumps({**facts, "measurer": VERSION, "values": list(NAMES)}, indent=1)
    if path.is_file() and path.read_text(encoding="utf-8") != mine:
        raise CardiolexError(
            f"{root}: was begun with other recordings, settings or a measurer of another version "
            "(see source.json); "
            "choose another folder or delete this one"
        )
    write_text(path, mine)


_job: dict[str, _Job] = {}


def _remember(job: _Job) -> None:
    _job["it"] = job


def _write_part(number: int) -> int:
    return _job["it"].write(number)
