"""Windows of a store in millivolts, scaled as another system wants them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from cardiolex.datasets.batches import Example
from cardiolex.recordings.scaling import Scale, scale_window


class Windows(Protocol):
    """A map-style data set of windows."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Example: ...


@dataclass(frozen=True)
class Rescaled:
    """`windows` in millivolts, each scaled over its visible leads and recorded samples.

    The same numbers as a store prepared with this scale gives, but for the store's rounding.
    """

    windows: Windows
    scale: Scale

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> Example:
        example = self.windows[index]
        visible = np.ix_(example.lead_mask, example.sample_mask)
        mv = example.ecg[visible].astype(np.float32) * np.float32(example.gain)
        ecg = np.zeros(example.ecg.shape, np.float32)
        ecg[visible] = scale_window(mv, self.scale)
        return replace(example, ecg=ecg, gain=1.0)
