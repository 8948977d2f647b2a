"""Windows as tokens of a system that has one for each piece of a lead.

Shapes: K windows, 12 leads, T samples, M segments of p samples, N tokens, Q queries, Dt text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cardiolex.portable.graphs import Graph

AT_ONCE = 4800  # tokens of one pass: bounds memory


def recorded(
    lead_mask: NDArray[np.bool_], sample_mask: NDArray[np.bool_], samples: int
) -> NDArray[np.bool_]:
    """(K, 12, M): the lead is there and more than half of the segment is real signal."""
    pieces = sample_mask.reshape(len(sample_mask), -1, samples)
    real = pieces.sum(axis=2) * 2 > samples
    return np.asarray(lead_mask[:, :, None] & real[:, None, :])


def score(
    graph: Graph,
    ecg: NDArray[np.float32],
    visible: NDArray[np.bool_],
    queries: NDArray[np.float32],
    alone: bool = False,
) -> NDArray[np.float32]:
    """Logits (K, Q) from the tokens of `ecg` (K, 12, T) at which `visible` (K, 12, M) is True.

    Windows with equally many tokens go through the graph together, so that none is padded; or
    each goes `alone`, where a graph's arithmetic depends on all that it is given.
    """
    segments = visible.shape[2]
    cut = ecg.reshape(len(ecg), 12 * segments, -1)  # (K, 12 * M, p)
    flat = visible.reshape(len(visible), -1)
    counts = flat.sum(axis=1)
    logits = np.empty((len(ecg), len(queries)), np.float32)
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        parts = len(rows) if alone else -(-len(rows) * int(count) // AT_ONCE)
        for part in np.array_split(rows, parts):
            index = np.nonzero(flat[part])[1].reshape(len(part), int(count)).astype(np.int64)
            logits[part] = graph(
                tokens=np.take_along_axis(cut[part], index[:, :, None], axis=1),
                lead=index // segments,
                segment=index % segments,
                queries=queries,
            )
    return logits
