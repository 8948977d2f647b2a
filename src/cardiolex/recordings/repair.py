"""Missing samples: found, counted and interpolated along time, per lead."""

import numpy as np
from numpy.typing import NDArray


def fill_missing(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace NaN and Inf of (L, T) by linear interpolation along time within each lead.

    Ends are held at the nearest finite sample; a lead without any finite sample becomes zeros.
    The input is returned unchanged (not copied) if nothing is missing.
    """
    finite = np.isfinite(values)
    if finite.all():
        return values
    filled = values.copy()
    time = np.arange(values.shape[-1])
    for lead, good in zip(filled, finite, strict=True):
        if not good.any():
            lead[:] = 0.0
        elif not good.all():
            lead[~good] = np.interp(time[~good], time[good], lead[good])
    return filled
