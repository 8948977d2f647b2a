"""Millivolts to 16-bit counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.recording import Recording

MISSING = -32768
"""The count of a missing sample."""
_GAINS = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True)
class Counts:
    """(L, T) int16 with `per_mv` counts per millivolt, zero at 0 mV."""

    values: NDArray[np.int16]
    per_mv: int


def to_counts(recording: Recording) -> Counts:
    """Return counts with the finest of the usual gains that fits; missing samples are `MISSING`.

    Recordings of 1, 2, 5 uV … per count keep their values exactly, up to 3.2 mV.
    """
    mv = recording.mv.astype(np.float64)
    finite = np.isfinite(mv)
    largest = float(np.abs(mv[finite]).max(initial=0.0))
    fitting = [gain for gain in _GAINS if largest * gain <= 32767]
    if not fitting:
        raise CardiolexError(
            f"recording {recording.id!r} reaches {largest:g} mV, more than 16 bits hold; "
            "is its unit right?"
        )
    counts = np.full(mv.shape, MISSING, np.int16)
    counts[finite] = np.round(mv[finite] * fitting[0]).astype(np.int16)
    return Counts(counts, fitting[0])
