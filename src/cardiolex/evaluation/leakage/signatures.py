"""A short vector per recording that is nearly equal exactly where the ECG is the same.

The first five seconds of leads I, II, V1 … V6 between 0.5 and 20 Hz at 50 Hz, at unit length, on
128 fixed random directions (Johnson-Lindenstrauss): the product of two signatures is close to the
correlation of the two signals, whatever their sampling rate, unit, offset or file format.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording

USED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
FS, SECONDS, SIZE = 50.0, 5.0, 128
READ_SECONDS = 10.0
"""What is filtered; a store's windows are at least this long as a rule."""
_PREPROCESS = Preprocess(fs=FS, seconds=SECONDS, highpass_hz=0.5, lowpass_hz=20.0)
_ROWS = [LEADS.index(lead) for lead in USED]


def signature(recording: Recording) -> NDArray[np.float32] | None:
    """Unit vector (128,), or None where nothing is to be compared (flat, or none of the leads)."""
    short = recording
    if recording.duration > READ_SECONDS:
        short = recording.crop(0.0, READ_SECONDS)
    if short.mv.shape[1] < 2 * short.fs:
        return None
    try:
        windows = _PREPROCESS.windows(replace(short, other={}))
    except CardiolexError:
        return None
    signal = windows.ecg[0, _ROWS]
    signal = signal - signal.mean(axis=1, keepdims=True)
    projected = np.asarray(signal.reshape(-1) @ _directions(), np.float32)
    length = float(np.linalg.norm(projected))
    return projected / np.float32(length) if length > 0 else None


@lru_cache(maxsize=1)
def _directions() -> NDArray[np.float32]:
    rng = np.random.default_rng(20_250_101)
    return rng.standard_normal((len(USED) * round(FS * SECONDS), SIZE)).astype(np.float32)
