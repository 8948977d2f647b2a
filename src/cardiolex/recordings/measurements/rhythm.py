"""Regularity of the beats: statistics of the intervals, early beats and their pauses."""

import numpy as np
from numpy.typing import NDArray

EARLY = 0.85
"""A beat is early if its interval is below this share of the median."""

Floats = NDArray[np.float64]


def rr_statistics(rr_s: Floats) -> dict[str, float]:
    """Return the interval statistics that can be had from RR intervals (B - 1,)."""
    if not rr_s.size:
        return {}
    middle, mean = float(np.median(rr_s)), float(rr_s.mean())
    found = {
        "heart_rate": 60 / middle,
        "rr_range": float(np.ptp(rr_s)),
        "rr_min": float(rr_s.min()) / middle,
        "rr_max": float(rr_s.max()) / middle,
    }
    if rr_s.size > 1:
        steps = np.diff(rr_s)
        found["rr_cv"] = float(rr_s.std()) / mean
        found["rr_rmssd"] = float(np.sqrt((steps**2).mean())) / mean
    if rr_s.size > 5 and np.ptp(rr_s) > 0.008:
        before, after = rr_s[:-1] - rr_s[:-1].mean(), rr_s[1:] - rr_s[1:].mean()
        size = float(np.sqrt((before**2).sum() * (after**2).sum()))
        if size > 0:
            found["rr_autocorrelation"] = float(before @ after) / size
    return found


def is_early(rr_s: Floats) -> NDArray[np.bool_]:
    """Return (B,) for the beats around intervals (B - 1,); the first beat is never early."""
    early = np.zeros(rr_s.size + 1, np.bool_)
    if rr_s.size > 1:
        early[1:] = rr_s < EARLY * np.median(rr_s)
    return early


def early_beats(rr_s: Floats, usual: NDArray[np.bool_]) -> dict[str, float]:
    """Return shares of early beats by shape (`usual` (B,)), and how far pauses compensate."""
    if rr_s.size < 2:
        return {}
    early = is_early(rr_s)
    beats = rr_s.size
    found = {
        "early_share": float(early[1:].mean()),
        "early_same_shape": float((early & usual)[1:].sum()) / beats,
        "early_other_shape": float((early & ~usual)[1:].sum()) / beats,
    }
    at = np.flatnonzero(early[:-1] & ~early[1:])
    if at.size:
        around = rr_s[at - 1] + rr_s[at]
        found["pause_index"] = float(np.median(around) / (2 * np.median(rr_s)))
    return found
