"""Quality flags of each lead by itself.

Limits were set on 663 ten-second public 12-lead records so that clean leads carry no flag: see
the comment beside each.
"""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.filters import zero_phase
from cardiolex.recordings.repair import fill_missing

GAPS_SHARE = 0.01
FLAT_MV = 0.02  # peak to peak; the smallest QRS is 0.05 mV and more
FLAT_RUN_S = 0.5  # a line exactly constant for so long is no ECG…
FLAT_SHARE = 0.2  # …if such lines make up so much of the recording
CLIP_RUN_S = 0.012  # a peak that stands still at the extreme value for so long…
CLIP_STEP = 0.01  # …after a step of so much of the lead's range…
CLIP_SHARE = 0.002  # …for so much of the recording
NOISE_MV = 0.025  # robust deviation above 35 Hz: muscle, mains…
NOISE_SHARE = 0.04  # …and so much of the lead's own QRS
WANDER_MV = 1.5  # peak to peak below 0.5 Hz
LARGE_MV = 6.0  # after removal of the baseline
SMALL_MV = 0.05


def lead_flags(
    mv: NDArray[np.float32],
    fs: float,
    unit_known: bool = True,
    steady: NDArray[np.float32] | None = None,
) -> list[frozenset[str]]:
    """Return the flags of each lead of (L, T); `steady` is `without_baseline(mv, fs)` if at hand.

    Flags: flat, gaps, clipped, noisy, wandering, too large, too small. A flat lead carries no
    further flag but gaps. Without a known unit only the flags that do not depend on it are given.
    """
    gaps = (~np.isfinite(mv)).mean(axis=1) > GAPS_SHARE
    whole = fill_missing(mv)
    long = whole.shape[1] > fs
    if steady is None or not long:
        steady = without_baseline(mv, fs) if long else whole
    noise = _noise(whole, fs) if long else np.zeros(len(mv))
    sizes = np.percentile(np.abs(steady), 99.5, axis=1)
    flags = []
    for lead in range(len(mv)):
        found = {"gaps"} if gaps[lead] else set()
        if _is_flat(whole[lead], fs, unit_known):
            flags.append(frozenset(found | {"flat"}))
            continue
        if is_clipped(whole[lead], fs):
            found.add("clipped")
        size = float(sizes[lead])
        if noise[lead] > NOISE_SHARE * size and (noise[lead] > NOISE_MV or not unit_known):
            found.add("noisy")
        if unit_known:
            found |= _amplitude_flags(whole[lead], steady[lead], size, fs)
        flags.append(frozenset(found))
    return flags


def without_baseline(mv: NDArray[np.float32], fs: float) -> NDArray[np.float32]:
    """Return (L, T) without what is slower than 0.5 Hz, missing samples bridged."""
    return zero_phase(fill_missing(mv), fs, 0.5, None)


def _amplitude_flags(
    whole: NDArray[np.float32], steady: NDArray[np.float32], size: float, fs: float
) -> set[str]:
    flags = set()
    if _wander(whole - steady, fs) > WANDER_MV:
        flags.add("wandering")
    if np.abs(steady).max() > LARGE_MV:
        flags.add("too large")
    if size < SMALL_MV:
        flags.add("too small")
    return flags


def _wander(baseline: NDArray[np.float32], fs: float) -> float:
    """Return the peak-to-peak size of the baseline in the usual ten seconds."""
    block = round(10 * fs)
    starts = range(0, max(1, baseline.size - block + 1), block)
    return float(np.median([np.ptp(baseline[start : start + block]) for start in starts]))


def _runs(same: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the length of every run of True."""
    edges = np.diff(np.concatenate([[0], same.astype(np.int8), [0]]))
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)


def _is_flat(lead: NDArray[np.float32], fs: float, unit_known: bool) -> bool:
    spread = float(np.ptp(lead))
    if spread == 0 or (unit_known and spread < FLAT_MV):
        return True
    runs = _runs(np.diff(lead) == 0)
    return bool(runs[runs >= FLAT_RUN_S * fs].sum() > FLAT_SHARE * lead.size)


def is_clipped(lead: NDArray[np.float32], fs: float) -> bool:
    """Tell whether peaks stand still at the extreme value, as behind a saturated amplifier.

    A slow wave turning at its extreme also stands still; but there the samples beside the run
    differ little from it.
    """
    middle, reach = float(np.median(lead)), float(np.ptp(lead))
    for extreme in (float(lead.max()), float(lead.min())):
        if abs(extreme - middle) < reach / 3:
            continue
        at = lead == np.float32(extreme)
        if np.count_nonzero(at) <= CLIP_SHARE * lead.size:
            continue
        starts = np.flatnonzero(np.diff(np.concatenate([[0], at.astype(np.int8)])) == 1)
        lengths = _runs(at)
        beside = np.stack(
            [lead[np.maximum(starts - 1, 0)], lead[np.minimum(starts + lengths, lead.size - 1)]]
        )
        steep = np.abs(beside - extreme).max(axis=0) > CLIP_STEP * reach
        held = lengths[steep & (lengths >= max(3.0, CLIP_RUN_S * fs))]
        if held.sum() > CLIP_SHARE * lead.size:
            return True
    return False


def _noise(whole: NDArray[np.float32], fs: float) -> NDArray[np.float64]:
    """Return each lead's robust deviation above 35 Hz (QRS complexes are too brief to count)."""
    if fs < 90:
        return np.zeros(len(whole))
    fast = zero_phase(whole, fs, 35.0, None)
    return np.asarray(1.4826 * np.median(np.abs(fast), axis=1), np.float64)
