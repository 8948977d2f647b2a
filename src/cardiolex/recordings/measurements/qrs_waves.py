"""Q, R, S, R' of each lead of a median beat."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import FS

LEAST_WAVE_MV = 0.02
_MS = 1000 / FS
_NAMES = ("q", "q_duration", "r", "s", "s_duration", "r_prime")

Floats = NDArray[np.float32]


def qrs_waves(qrs: Floats) -> dict[str, NDArray[np.float64]]:
    """Measure the QRS complexes (L, n) of all leads, against the level before them.

    A wave is a run of samples beyond 0.02 mV to one side. A complex without R is a QS: both Q
    and S. R' is counted above the level at which the complex ends.
    """
    waves = np.array([_waves(lead) for lead in qrs.astype(np.float64)])
    found = {name: waves[:, k] for k, name in enumerate(_NAMES)}
    found["end_slur"] = _end_slur(qrs)
    found["r_peak_time"] = np.abs(qrs).argmax(axis=1) * _MS
    found["qrs_area"] = qrs.sum(axis=1) * _MS
    return found


def _waves(lead: NDArray[np.float64]) -> tuple[float, ...]:
    sign = (lead > LEAST_WAVE_MV).astype(np.int8) - (lead < -LEAST_WAVE_MV)
    cuts = [0, *(np.flatnonzero(sign[1:] != sign[:-1]) + 1).tolist(), len(lead)]
    q = q_ms = r = s = s_ms = r_prime = 0.0
    for start, end in pairwise(cuts):
        if sign[start] == 0:
            continue
        ms = (end - start) * _MS
        if sign[start] < 0:
            depth = -float(lead[start:end].min())
            if r == 0:
                q, q_ms = max(q, depth), q_ms + ms
            else:
                s, s_ms = max(s, depth), s_ms + ms
        elif s == 0:
            r = max(r, float(lead[start:end].max()))
        else:
            height = float(lead[start:end].max()) - max(float(lead[-1]), 0.0)
            r_prime = max(r_prime, height)
    if r == 0:
        s, s_ms = q, q_ms
    return q, q_ms, r, s, s_ms, r_prime


def _end_slur(qrs: Floats) -> Floats:
    """Return the mean slope of the last 24 ms over the steepest; slopes over 16 ms, (L,)."""
    step, last = round(0.016 * FS), round(0.024 * FS)
    if qrs.shape[1] <= step:
        return np.full(len(qrs), np.nan, np.float32)
    slope = np.abs(qrs[:, step:] - qrs[:, :-step])
    share = slope[:, -last:].mean(axis=1) / np.maximum(slope.max(axis=1), 1e-6)
    return np.asarray(share, np.float32)
