"""Quantiles of measured values: where a network that reads them parts each into bins."""

import numpy as np
from numpy.typing import NDArray

_TAIL = 0.005  # values beyond these quantiles count as the outermost
_LEAST_STEP = 1e-5  # of the size of a value; equal quantiles are kept apart by it
_FEWEST = 50


def quantile_edges(values: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Edges (K, bins + 1), increasing in each row, of `values` (N, K) with NaN.

    A value that was measured fewer than 50 times gets even edges from 0 to 1.
    """
    edges = np.tile(np.linspace(0, 1, bins + 1), (values.shape[1], 1))
    shares = np.linspace(_TAIL, 1 - _TAIL, bins + 1)
    for row, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if len(known) < _FEWEST:
            continue
        found = np.quantile(known, shares)
        step = max(float(np.abs(found).max()), 1e-3) * _LEAST_STEP
        edges[row] = found + np.arange(bins + 1) * step
    return edges.astype(np.float32)
