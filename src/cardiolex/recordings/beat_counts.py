"""How many heartbeats are in each window of a batch."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.beats import find_beats
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording


def count_beats(
    ecg: NDArray[np.float32],
    lead_mask: NDArray[np.bool_],
    sample_mask: NDArray[np.bool_],
    fs: float,
) -> NDArray[np.int64]:
    """R peaks (W,) of windows `ecg` (W, 12, T) in the leads (W, 12) and samples (W, T) they have.

    0 where none is found. Scale and offset of a window do not matter (see `find_beats`).
    """
    counts = np.zeros(len(ecg), np.int64)
    for row, (window, leads, samples) in enumerate(zip(ecg, lead_mask, sample_mask, strict=True)):
        names = tuple(lead for lead, there in zip(LEADS, leads, strict=True) if there)
        if names and samples.any():
            mv = np.ascontiguousarray(window[leads][:, samples])
            counts[row] = len(find_beats(Recording(mv=mv, leads=names, fs=fs)))
    return counts
