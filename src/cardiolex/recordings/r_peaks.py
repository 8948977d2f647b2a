"""R peaks of one lead by WFDB's XQRS, in the best lead there is; fast ones of all leads."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.beats import find_beats
from cardiolex.recordings.filters import zero_phase
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

Detector = Literal["xqrs", "energy"]
SHORTEST_S = 2.0
"""XQRS learns what a QRS complex looks like from the signal itself."""
FEWEST = 2
_BAND_HZ = (5.0, 20.0)


def r_peaks(mv: NDArray[np.float32], fs: float, detector: Detector = "xqrs") -> NDArray[np.intp]:
    """R peaks, in samples, of the leads `mv` (L, T); empty if none are found.

    "xqrs" is wfdb.processing.xqrs_detect (MIT; as HeartLang, which reads lead I only) on the leads
    that vary, the best first, until one shows `FEWEST`. "energy" is `find_beats` on all leads, tens
    of times faster.
    """
    mv = mv[np.ptp(mv, axis=1) > 0]
    if not len(mv) or mv.shape[1] < SHORTEST_S * fs:
        return np.empty(0, np.intp)
    if detector == "energy":
        return find_beats(Recording(mv, LEADS[: len(mv)], fs)).samples
    from wfdb.processing import xqrs_detect

    for lead in best_first(mv, fs)[:3]:
        with np.errstate(all="ignore"):
            found = xqrs_detect(mv[lead].astype(np.float64), fs, verbose=False)
        if len(found) >= FEWEST:
            return np.asarray(found, np.intp)
    return np.empty(0, np.intp)


def best_first(mv: NDArray[np.float32], fs: float) -> list[int]:
    """Leads of `mv` (L, T) in the order of how far QRS complexes stand out of what is between.

    By the 95th percentile of the signal's size in the QRS band over its median: about 3 for noise.
    A single artefact, however large, does not count.
    """
    size = np.abs(zero_phase(mv, fs, *_BAND_HZ))
    middle = np.maximum(np.median(size, axis=1), 1e-9)
    order = np.argsort(-np.percentile(size, 95, axis=1) / middle, kind="stable")
    return [int(lead) for lead in order]
