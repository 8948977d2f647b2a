"""Frontal axes from any two limb leads or more."""

from math import hypot, nan

import numpy as np
from numpy.typing import NDArray

_ANGLE = {"I": 0.0, "II": 60.0, "III": 120.0, "aVR": -150.0, "aVL": -30.0, "aVF": 90.0}
_AUGMENTED = 2 / np.sqrt(3)
"""Augmented leads are that much smaller than bipolar ones."""

Floats = NDArray[np.floating]


def frontal_axis(areas: Floats, leads: tuple[str, ...], least: float) -> float:
    """Return the axis in degrees, (-180, 180], that explains net areas (L,) in limb leads best.

    Least squares over the limb leads among `leads`; with I and aVF alone this is the textbook
    arctangent. NaN with fewer than two of them, or where the vector is shorter than `least`.
    """
    rows = [k for k, lead in enumerate(leads) if lead in _ANGLE]
    if len(rows) < 2:
        return nan
    angles = np.radians([_ANGLE[leads[k]] for k in rows])
    scale = np.array([_AUGMENTED if leads[k].startswith("a") else 1.0 for k in rows])
    design = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    x, y = np.linalg.lstsq(design, scale * areas[rows], rcond=None)[0]
    return float(np.degrees(np.arctan2(y, x))) if hypot(x, y) > least else nan


def angle_between(one: float, other: float) -> float:
    """Return the angle between two axes, 0 to 180 degrees."""
    return abs((one - other + 180) % 360 - 180)
