"""Simulated recordings as training data: on the fly by index, or written to a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.datasets.batches import Example
from cardiolex.datasets.beat_targets import beat_targets
from cardiolex.datasets.rows import Row, Truth, rows
from cardiolex.datasets.store_writer import Engine, Failure, write_store
from cardiolex.errors import CardiolexError
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import CONDITIONS, SimulatedECG, simulate
from cardiolex.simulation.settings import Settings
from cardiolex.simulation.statements import judge_statements

_ATTEMPTS = 8
_STRIDE = 1_000_000_007  # far from any index that a run uses


@dataclass(frozen=True)
class SimulatedECGs:
    """A map-style data set that simulates recording `first` + i when item i is asked for.

    Items depend on (seed, index, settings) alone, so any number of workers gives the same data.
    Labels are unknown (NaN) for everything the simulator cannot produce. With `statements`, those
    of `simulation.statements` follow the vocabulary's. With `beat_segment_s`, examples say what
    each heartbeat is, see `beat_targets`.
    """

    count: int
    vocabulary: Vocabulary
    preprocess: Preprocess
    settings: Settings = field(default_factory=Settings)
    seed: int = 0
    first: int = 0
    statements: bool = False
    beat_segment_s: float | None = None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < self.count:
            raise IndexError(f"simulated recording {index} of {self.count}")
        row, simulated = simulated_row(
            self.first + index, self.seed, self.settings, self.preprocess
        )
        truth = row.truth
        labels = self.vocabulary.label_vector(truth.present, truth.unknown, truth.judged)
        if self.statements:
            labels = np.concatenate([labels, judge_statements(simulated)])
        return Example(
            ecg=row.ecg,
            lead_mask=row.lead_mask,
            sample_mask=np.arange(row.ecg.shape[1]) < row.length,
            labels=labels,
            report=row.recording.report or "",
            id=row.recording.id,
            beats=self._beats(simulated),
        )

    def _beats(self, simulated: SimulatedECG) -> NDArray[np.float32] | None:
        if self.beat_segment_s is None:
            return None
        segments = round(self.preprocess.seconds / self.beat_segment_s)
        return beat_targets(simulated.beats, self.beat_segment_s, segments)


@dataclass(frozen=True)
class SimulatedShards:
    """The same recordings as shards of a store."""

    count: int
    preprocess: Preprocess
    settings: Settings
    seed: int
    shard_size: int

    def identity(self) -> dict[str, Any]:
        """What makes two simulated stores equal."""
        plain = {"seed": self.seed, "count": self.count, "shard_size": self.shard_size}
        return {"simulated": {**plain, "settings": asdict(self.settings)}}

    def shards(self) -> int:
        """Number of shards."""
        return -(-self.count // self.shard_size)

    def shard(self, number: int, failures: list[Failure]) -> Iterator[Row]:
        """Simulate the recordings of one shard."""
        first = number * self.shard_size
        for index in range(first, min(first + self.shard_size, self.count)):
            yield simulated_row(index, self.seed, self.settings, self.preprocess)[0]


def simulate_to_store(
    folder: str | Path,
    count: int,
    *,
    preprocess: Preprocess,
    settings: Settings | None = None,
    seed: int = 0,
    shard_size: int = 1024,
    processes: int = 1,
    engine: Engine | None = None,
    progress: Any = None,
) -> None:
    """Write `count` simulated recordings to a store; call again after a kill to go on.

    `engine` does the work in place of `processes` of this machine, e.g. `on_ray`.
    """
    source = SimulatedShards(count, preprocess, settings or Settings(), seed, shard_size)
    write_store(folder, source, processes=processes, engine=engine, progress=progress)


def simulated_row(
    index: int, seed: int, settings: Settings, preprocess: Preprocess
) -> tuple[Row, SimulatedECG]:
    """First window of recording `index`; of a stand-in where every lead was off."""
    for attempt in range(_ATTEMPTS):
        simulated = simulate(index + attempt * _STRIDE, seed=seed, settings=settings)
        try:
            return next(rows(simulated.recording, truth(simulated), preprocess)), simulated
        except CardiolexError:
            continue
    raise CardiolexError(f"simulated recording {index} (seed {seed}) has no usable lead")


def truth(simulated: SimulatedECG) -> Truth:
    """What is known of a simulated recording: every condition of the simulator was judged."""
    return Truth(
        present=tuple(sorted(simulated.present)),
        unknown=tuple(sorted(simulated.unknown)),
        judged=CONDITIONS,
    )
