"""The deletion test: does the answer hang on the pieces that are marked as relevant?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.explaining.pieces import Pieces

SHARES = (0.05, 0.1, 0.2)
DRAWS = 8


def falls(
    pieces: Pieces,
    relevance: NDArray[np.floating],
    logit: float,
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Falls of the logit without the most relevant pieces (S,), and without random ones (S, R).

    `relevance` (12, M) ranks the pieces that are there; `logit` is the answer with all of them.
    One random draw is an order of all pieces, of which each share takes the first: as many as the
    share takes of the relevant ones, at least one, never all.
    """
    there = np.flatnonzero(pieces.there)
    rng = np.random.default_rng(seed)
    by_relevance = there[np.argsort(-relevance.ravel()[there], kind="stable")]
    orders = [by_relevance, *(rng.permutation(there) for _ in range(draws))]
    counts = [min(max(1, round(share * len(there))), len(there) - 1) for share in shares]
    kept = np.repeat(pieces.there.ravel()[None], len(shares) * len(orders), axis=0)
    for row, (count, order) in enumerate((c, o) for c in counts for o in orders):
        kept[row, order[:count]] = False
    fallen = logit - pieces.logits(kept.reshape(-1, *pieces.there.shape))
    table = fallen.reshape(len(shares), len(orders))
    return table[:, 0], table[:, 1:]
