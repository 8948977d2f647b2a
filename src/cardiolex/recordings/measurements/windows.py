"""Measurements of what a network sees: windows of a recording, the leads that are there."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.measurements.measure import measure
from cardiolex.recordings.preprocess import Windows
from cardiolex.recordings.recording import Recording


def measure_window(
    ecg: NDArray[np.floating],
    lead_mask: NDArray[np.bool_],
    sample_mask: NDArray[np.bool_],
    fs: float,
) -> NDArray[np.float32]:
    """Values (K,) of `definitions.NAMES` of one window: `ecg` (12, T) mV, masks (12,) and (T,).

    Nothing but visible leads and recorded samples has a part in them; all NaN without a lead.
    """
    leads = tuple(lead for lead, seen in zip(LEADS, lead_mask, strict=True) if seen)
    samples = int(sample_mask.sum())
    mv = np.asarray(ecg, np.float32)[lead_mask, :samples]
    return measure(Recording(mv, leads, fs), seconds=None).values


def measure_windows(windows: Windows, fs: float) -> NDArray[np.float32]:
    """Values (W, K) of all windows."""
    rows = zip(windows.ecg, windows.lead_mask, windows.sample_mask, strict=True)
    return np.stack([measure_window(*row, fs) for row in rows])
