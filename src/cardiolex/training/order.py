"""Which recordings make up which step: a pure function of (seed, step), whatever was before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch.utils.data import Sampler

from cardiolex.errors import CardiolexError


class StepOrder(Sampler[list[int]]):
    """Yields the indices of each micro-batch of this process, from micro-batch `start` on.

    Every epoch is a permutation of all recordings by (seed, epoch), or their natural order with
    `shuffle` off; the incomplete batch at its end is left out. Rank r takes every R-th block.

    With `patients`, whose each recording is, the permutation is one of pairs: recordings of a
    patient follow one another by twos, drawn anew in each epoch, and those left over stand in
    pairs of strangers. So two recordings of one patient meet in a batch as often as can be, while
    every recording still comes once in an epoch. The batch must be even, or a pair would be cut.
    """

    def __init__(
        self,
        recordings: int,
        batch_size: int,
        stop: int,
        *,
        start: int = 0,
        seed: int = 0,
        rank: int = 0,
        size: int = 1,
        shuffle: bool = True,
        patients: Sequence[str] | None = None,
    ) -> None:
        if patients is not None and (batch_size % 2 or not shuffle):
            raise CardiolexError(
                f"batch_size {batch_size}, shuffle {shuffle}: pairs of a patient's recordings need "
                "an even batch and shuffling; or set trainer.pair_patients to false"
            )
        self.recordings, self.batch_size = recordings, batch_size
        self.start, self.stop = start, stop
        self.seed, self.rank, self.size, self.shuffle = seed, rank, size, shuffle
        self.per_epoch = recordings // (batch_size * size)
        self.owned = None if patients is None else _rows_by_patient(patients)

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[list[int]]:
        order, current = torch.empty(0), -1
        for number in range(self.start, self.stop):
            epoch, block = divmod(number, self.per_epoch)
            if epoch != current:
                order, current = self._permutation(epoch), epoch
            first = (block * self.size + self.rank) * self.batch_size
            yield order[first : first + self.batch_size].tolist()

    def _permutation(self, epoch: int) -> torch.Tensor:
        if not self.shuffle:
            return torch.arange(self.recordings)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        if self.owned is None:
            return torch.randperm(self.recordings, generator=generator)
        return _pairs(self.owned, generator)


@runtime_checkable
class KnowsPatients(Protocol):
    """Examples that say whose they are without being read."""

    @property
    def patients(self) -> Sequence[str]:
        """One name for each example, "" where it is unknown."""
        ...


def patients_of(examples: Any) -> Sequence[str]:
    """Whose each example is; data sets that change another one keep it in `windows`."""
    inner = examples
    while not isinstance(inner, KnowsPatients) and hasattr(inner, "windows"):
        inner = inner.windows
    if not isinstance(inner, KnowsPatients):
        raise CardiolexError(
            "pair_patients: these recordings do not say whose they are; set it to false"
        )
    return inner.patients


def _rows_by_patient(patients: Sequence[str]) -> list[list[int]]:
    """The recordings of each patient; an unknown one ("") is nobody's patient but its own."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, patient in enumerate(patients):
        rows[patient].append(row)
    unknown = rows.pop("", [])
    return [*rows.values(), *([row] for row in unknown)]


def _pairs(owned: Sequence[list[int]], generator: torch.Generator) -> torch.Tensor:
    """All recordings, those of a patient by twos; a single one that is left stands at the end."""
    pairs, left = [], []
    for rows in owned:
        order = [rows[i] for i in torch.randperm(len(rows), generator=generator).tolist()]
        whole = len(order) // 2 * 2
        pairs += [order[i : i + 2] for i in range(0, whole, 2)]
        left += order[whole:]
    left = [left[i] for i in torch.randperm(len(left), generator=generator).tolist()]
    whole = len(left) // 2 * 2
    pairs += [left[i : i + 2] for i in range(0, whole, 2)]
    shuffled = torch.randperm(len(pairs), generator=generator).tolist()
    return torch.tensor([row for i in shuffled for row in pairs[i]] + left[whole:])
