"""A recording: what was measured, in millivolts, by lead name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Recording:
    """An ECG with any of the twelve standard leads.

    `mv` is float32 (L, T) in millivolts, NaN where the file has no sample; `leads` are standard
    names in canonical order; `fs` is in Hz, `age` in years, `sex` "male" or "female".
    A lead that was not recorded is absent, never zeros.
    """

    mv: NDArray[np.float32]
    leads: tuple[str, ...]
    fs: float
    id: str = ""
    patient: str | None = None
    age: float | None = None
    sex: str | None = None
    report: str | None = None
    labels: tuple[str, ...] = ()
    source: str = ""
    derived: frozenset[str] = frozenset()
    unit_known: bool = True
    notes: tuple[str, ...] = ()
    other: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
