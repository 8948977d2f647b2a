"""Evidence laid under the traces of an ECG on paper: what speaks for an answer, what against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.plots.paper import Sheet

FOR, AGAINST = "#e8710a", "#1a73e8"  # orange and blue: told apart by the colour-blind
STRONGEST = 0.62  # opacity of relevance 1
FAINTEST = 0.25  # relevance below this is not drawn
_STEP_S = 0.04  # one millimetre at 25 mm/s
_REACH_MM = 7.0

Relevance = Callable[[str, NDArray[np.float64]], NDArray[np.float64]]
"""Lead and times in the recording (s) to relevance from -1 to 1, NaN where there is none."""


@dataclass(frozen=True)
class Evidence:
    """What to lay under the traces; `caption` says how it was found and tested."""

    relevance: Relevance
    caption: str

    def draw(
        self, sheet: Sheet, lead: str, start_s: float, seconds: float, x_mm: float, base_mm: float,
        speed_mm_s: float,
    ) -> None:  # fmt: skip
        """Shade `seconds` of `lead` from `start_s` on, drawn from `x_mm` around `base_mm`."""
        edges = np.arange(0.0, seconds + _STEP_S / 2, _STEP_S)
        values = self.relevance(lead, start_s + edges[:-1] + _STEP_S / 2)
        for first, last, value in _runs(values):
            if abs(value) >= FAINTEST:
                left, wide = edges[first] * speed_mm_s, (edges[last] - edges[first]) * speed_mm_s
                sheet.shade(
                    x_mm + left,
                    base_mm - _REACH_MM,
                    wide,
                    2 * _REACH_MM,
                    FOR if value > 0 else AGAINST,
                    STRONGEST * abs(value),
                    f"evidence-{lead}",
                )


def _runs(values: NDArray[np.float64]) -> Iterator[tuple[int, int, float]]:
    """(first, end, value) of each run of equal values that are no NaN."""
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    for first, end in zip(starts, [*starts[1:], len(values)], strict=True):
        if np.isfinite(values[first]):
            yield int(first), int(end), float(values[first])
