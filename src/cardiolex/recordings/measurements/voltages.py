"""Voltage sums for hypertrophy, low voltage, and the growth of R over the chest."""

from collections.abc import Mapping
from math import nan

import numpy as np
from numpy.typing import NDArray

_CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")


def voltages(
    qrs: NDArray[np.float32],
    per_lead: Mapping[str, NDArray[np.floating]],
    leads: tuple[str, ...],
) -> dict[str, float]:
    """Return sums and ranges from QRS complexes (L, n) and the R and S of each lead (L,).

    A sum is left out where one of its leads is absent (Sokolow-Lyon: V1, V5, V6; Cornell: aVL, V3).
    """
    r, s = (dict(zip(leads, per_lead[name].tolist(), strict=True)) for name in ("r", "s"))
    size = dict(zip(leads, np.ptp(qrs, axis=1).tolist(), strict=True))
    found = {}
    if {"V1", "V5", "V6"} <= set(leads):
        found["sokolow_lyon"] = s["V1"] + max(r["V5"], r["V6"])
    if {"aVL", "V3"} <= set(leads):
        found["cornell"] = r["aVL"] + s["V3"]
    if set(leads) - set(_CHEST):
        found["limb_voltage"] = max(size[lead] for lead in leads if lead not in _CHEST)
    if set(leads) & set(_CHEST):
        found["chest_voltage"] = max(size[lead] for lead in leads if lead in _CHEST)
    if set(_CHEST) <= set(leads):
        found["transition"] = transition([r[lead] - s[lead] for lead in _CHEST])
    return found


def transition(excess: list[float]) -> float:
    """Return the place, 1 to 6 and between, from which R exceeds S (`excess` (6,)); 7 if none."""
    for place in range(len(excess)):
        if all(later > 0 for later in excess[place:]):
            if place == 0:
                return 1.0
            low, high = excess[place - 1], excess[place]
            return place + 1 - high / max(high - low, 1e-9)
    return float(len(excess) + 1) if excess else nan
