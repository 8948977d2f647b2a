"""Everything the criteria may look at."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.causes import Causes
from cardiolex.simulation.measure import QRST, PMeasures
from cardiolex.simulation.schedule import Schedule
from cardiolex.simulation.truth import Measurements

LEAD = {
    name: k
    for k, name in enumerate(
        ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    )
}
CHEST = (6, 7, 8, 9, 10, 11)
LIMB = (0, 1, 2, 3, 4, 5)
CONTIGUOUS = ((4, 0, 10, 11), (1, 5, 2), CHEST)  # aVL I V5 V6; II aVF III; V1-V6


@dataclass(frozen=True, eq=False)
class Facts:
    """Measured values, the events within the recording, and the causes.

    `qrst` is measured on the dominant beat, `p` on the dominant P wave (None without one);
    `kinds` are the kinds of the beats within the recording in order, `normal_rr_s` the RR
    intervals between successive beats of the basic rhythm.
    """

    causes: Causes
    schedule: Schedule
    measurements: Measurements
    qrst: QRST
    p: PMeasures | None
    kinds: tuple[str, ...]
    normal_rr_s: NDArray[np.float64]
    blocked_p: int
    dominant: str

    @property
    def qrs(self) -> float:
        """QRS duration in ms."""
        return self.measurements.qrs_ms

    @property
    def conducted(self) -> bool:
        """Whether the dominant beat comes through the AV node."""
        return self.dominant in ("normal", "escape")

    @property
    def wide_aberrant(self) -> bool:
        """Whether ST and T are secondary to an abnormal QRS."""
        return self.qrs >= 120 or not self.conducted or self.causes.pathway is not None

    def lead(self, values: NDArray[np.float64], name: str) -> float:
        """One lead's value of a (12,) measurement."""
        return float(values[LEAD[name]])

    def count(self, *kinds: str) -> int:
        """How many beats in the recording are of these kinds."""
        return sum(kind in kinds for kind in self.kinds)

    @property
    def pr_known(self) -> bool:
        """Whether there is one PR interval."""
        return not isnan(self.measurements.pr_ms)
