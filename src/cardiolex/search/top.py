"""The nearest of many vectors by exact search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHUNK = 65_536  # rows compared at a time
QUERIES = 64  # with as many queries
Vectors = NDArray[np.float32]
Places = NDArray[np.intp]


def top(queries: Vectors, vectors: Vectors, k: int) -> tuple[Places, Vectors]:
    """Rows and products (Q, K) of the K = min(k, N) rows of `vectors` (N, E) nearest to `queries`.

    Sorted by falling product, equal ones by row. Memory does not grow with Q x N.
    """
    parts = [
        _top(queries[start : start + QUERIES], vectors, k)
        for start in range(0, max(1, len(queries)), QUERIES)
    ]
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([best for _, best in parts])


def _top(queries: Vectors, vectors: Vectors, k: int) -> tuple[Places, Vectors]:
    rows: Places = np.zeros((len(queries), 0), np.intp)
    best: Vectors = np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(vectors), CHUNK):
        scores = queries @ np.asarray(vectors[start : start + CHUNK]).T  # (q, n)
        places = np.broadcast_to(np.arange(start, start + scores.shape[1]), scores.shape)
        if scores.shape[1] > 4 * k:
            scores, places = _candidates(scores, places, k)
        rows = np.concatenate([rows, places], axis=1)
        best = np.concatenate([best, scores], axis=1)
        order = np.lexsort((rows, -best), axis=1)[:, :k]
        rows, best = np.take_along_axis(rows, order, 1), np.take_along_axis(best, order, 1)
    return rows, best


def _candidates(scores: Vectors, places: Places, k: int) -> tuple[Vectors, Places]:
    """The `k` best of each row, those of equal score by place: ties at the edge are kept whole."""
    edge = np.partition(scores, -k, axis=1)[:, -k]
    width = int((scores >= edge[:, None]).sum(axis=1).max())
    chosen = np.argpartition(-scores, width - 1, axis=1)[:, :width]
    return np.take_along_axis(scores, chosen, 1), np.take_along_axis(places, chosen, 1)
