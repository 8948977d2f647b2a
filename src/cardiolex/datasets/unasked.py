"""Windows with some labels taken away, as if nobody had looked for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cardiolex.datasets.batches import Example
from cardiolex.datasets.rescaled import Windows


@dataclass(frozen=True)
class Unasked:
    """`windows` whose labels at `places` are unknown, so that no loss asks for them."""

    windows: Windows
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> Example:
        example = self.windows[index]
        labels = example.labels.copy()
        labels[list(self.places)] = np.nan
        return replace(example, labels=labels)
