"""From a recording and what is known of it to the windows that a store or a batch holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording


@dataclass(frozen=True)
class Truth:
    """Canonical names present and unknown; absent is the rest of `judged` (None = of all)."""

    present: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    judged: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Row:
    """One window with everything that belongs to it."""

    ecg: NDArray[np.float32]  # (12, T), in the unit of the Preprocess
    lead_mask: NDArray[np.bool_]  # (12,)
    length: int  # real samples, from the start
    start_s: float
    recording: Recording
    truth: Truth
    split: str = ""
    """Part of its data set, "train", "val" or "test"; empty where it is in none."""
    codes: tuple[str, ...] = ()
    """Labels as the data set writes them."""


def rows(recording: Recording, truth: Truth, preprocess: Preprocess) -> Iterator[Row]:
    """Yield every window of `recording`."""
    windows = preprocess.windows(recording)
    for w in range(len(windows)):
        yield Row(
            windows.ecg[w],
            windows.lead_mask[w],
            int(windows.sample_mask[w].sum()),
            float(windows.start_s[w]),
            recording,
            truth,
        )
