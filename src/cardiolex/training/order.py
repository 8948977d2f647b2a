"""Which recordings make up which step: a pure function of (seed, step), whatever was before."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler


class StepOrder(Sampler[list[int]]):
    """Yields the indices of each micro-batch of this process, from micro-batch `start` on.

    Every epoch is a permutation of all recordings by (seed, epoch), or their natural order with
    `shuffle` off; the incomplete batch at its end is left out. Rank r takes every R-th block.
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
    ) -> None:
        self.recordings, self.batch_size = recordings, batch_size
        self.start, self.stop = start, stop
        self.seed, self.rank, self.size, self.shuffle = seed, rank, size, shuffle
        self.per_epoch = recordings // (batch_size * size)

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
        return torch.randperm(self.recordings, generator=generator)
