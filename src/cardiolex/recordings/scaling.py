"""Amplitude scales of a window, computed over the visible leads and recorded samples only."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["mv", "minmax", "zscore"]
_EPSILON = 1e-8


def scale_window(visible: NDArray[np.float32], scale: Scale) -> NDArray[np.float32]:
    """Scale the visible leads (L, T) of one window jointly, so that lead ratios are kept."""
    if scale == "mv":
        return visible
    if scale == "minmax":
        lowest, highest = visible.min(), visible.max()
        return np.asarray((visible - lowest) / (highest - lowest + _EPSILON), np.float32)
    return np.asarray((visible - visible.mean()) / (visible.std() + _EPSILON), np.float32)
