"""Where the first relevant item stands in a ranking by cosine, ties shared out fairly.

N queries, M gallery items, E dimensions. Items of equal score stand in no order, so what is given
is the mean over all their orders: the expected rank, and the chance of a hit among the first k.
Equal vectors score exactly equal here, however the products are rounded: each is multiplied once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from cardiolex.errors import CardiolexError

CHUNK = 8_000_000  # scores held at a time
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Groups = NDArray[np.intp]


@dataclass(frozen=True)
class FirstRelevant:
    """For each query (N,): items that score above its best relevant item, items that tie with it,
    relevant ones among those, all relevant items, and all items ranked.
    """

    better: NDArray[np.int64]
    tied: NDArray[np.int64]
    tied_relevant: NDArray[np.int64]
    relevant: NDArray[np.int64]
    ranked: NDArray[np.int64]

    @property
    def answerable(self) -> NDArray[np.bool_]:
        """Queries (N,) that have a relevant item at all."""
        return self.relevant > 0

    def rank(self) -> Floats:
        """Expected rank (N,) of the first relevant item, 1 = top; NaN where there is none."""
        return self.better + _first_of(self.tied, self.tied_relevant)

    def hit(self, k: int) -> Floats:
        """Chance (N,) that a relevant item is among the first `k`; NaN where there is none."""
        return _found(k - self.better, self.tied, self.tied_relevant)

    def chance_rank(self) -> Floats:
        """Expected rank (N,) of the first relevant item in a random order."""
        return _first_of(self.ranked, self.relevant)

    def chance_hit(self, k: int) -> Floats:
        """Chance (N,) of a hit among the first `k` of a random order."""
        return _found(np.full(len(self.ranked), k), self.ranked, self.relevant)


def _first_of(items: NDArray[np.int64], relevant: NDArray[np.int64]) -> Floats:
    """Mean place of the first of `relevant` among `items` in random order; NaN without any."""
    place = np.full(len(items), np.nan)
    np.divide(items + 1.0, relevant + 1.0, out=place, where=relevant > 0)
    return place


def _found(
    drawn: NDArray[np.int64], items: NDArray[np.int64], relevant: NDArray[np.int64]
) -> Floats:
    """Chance that `drawn` of `items` in random order hold one of `relevant` (hypergeometric)."""
    m = np.clip(drawn, 0, items).astype(np.float64)
    t, other = items.astype(np.float64), (items - relevant).astype(np.float64)
    certain = m > other
    safe = np.minimum(m, other)
    missed = gammaln(other + 1) - gammaln(other - safe + 1) - gammaln(t + 1) + gammaln(t - safe + 1)
    chance = np.where(certain, 1.0, -np.expm1(missed))
    return np.where(relevant > 0, np.where(m == 0, 0.0, chance), np.nan)


def first_relevant(
    queries: Vectors,
    gallery: Vectors,
    query_groups: Sequence[int] | Groups,
    gallery_groups: Sequence[int] | Groups,
    *,
    own: Sequence[int] | Groups | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FirstRelevant:
    """Rank `gallery` (M, E) for every row of `queries` (N, E); unit rows, larger product = nearer.

    An item is relevant to a query if their groups are equal. `own` (N,) is the item that is the
    query itself and is left out of its ranking. Scores are held in chunks: memory grows with
    N + M, not with N x M. The order of the gallery cannot change anything.
    """
    q, g = _checked(queries, "queries"), _checked(gallery, "gallery")
    if q.shape[1] != g.shape[1]:
        raise CardiolexError(f"queries have {q.shape[1]} dimensions, the gallery {g.shape[1]}")
    wanted, groups = np.asarray(query_groups, np.intp), np.asarray(gallery_groups, np.intp)
    if wanted.shape != (len(q),) or groups.shape != (len(g),):
        raise CardiolexError(
            f"groups {wanted.shape} and {groups.shape} for {len(q)} queries and {len(g)} items"
        )
    items = _Items(g, groups)
    owned = None if own is None else np.asarray(own, np.intp)
    parts = []
    for start, stop in _spans(len(q), len(items.weight)):
        mine = None if owned is None else items.of_item[owned[start:stop]]
        parts.append(items.rank(q[start:stop], wanted[start:stop], mine))
        if progress is not None:
            progress(stop, len(q))
    better, tied, tied_relevant = (np.concatenate([part[i] for part in parts]) for i in range(3))
    ranked = np.full(len(q), len(g), np.int64)
    relevant = _counts(wanted, groups)
    if owned is not None:
        ranked -= 1
        relevant -= groups[owned] == wanted
    return FirstRelevant(better, tied, tied_relevant, relevant, ranked)


class _Items:
    """The distinct (vector, group) pairs of a gallery, V vectors and U pairs."""

    def __init__(self, vectors: Vectors, groups: Groups) -> None:
        self.vectors, of_vector = _distinct(vectors)  # (V, E), (M,)
        pairs = np.stack([of_vector, groups], axis=1)
        unique, self.of_item, weight = np.unique(
            pairs, axis=0, return_inverse=True, return_counts=True
        )
        self.of_item = self.of_item.reshape(-1)
        self.vector, self.group = unique[:, 0], unique[:, 1]  # (U,), (U,)
        self.weight = weight.astype(np.float32)  # whole numbers, exact below 16 million

    def rank(
        self, queries: Vectors, wanted: Groups, own: Groups | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Better, tied, and relevant among the tied, (n,) each, for `queries` (n, E)."""
        scores = queries @ self.vectors.T  # (n, V)
        if len(self.vector) != scores.shape[1]:
            scores = scores[:, self.vector]  # (n, U)
        relevant = self.group[None, :] == wanted[:, None]
        there = relevant
        rows = np.arange(len(queries))
        if own is not None:
            there = relevant.copy()
            there[rows, own] &= self.weight[own] > 1
        best = np.where(there, scores, -np.inf).max(axis=1, keepdims=True)
        found = []
        for chosen in (scores > best, tied := scores == best, tied & relevant):
            count = chosen.astype(np.float32) @ self.weight
            if own is not None:
                count -= chosen[rows, own]
            found.append(np.rint(count).astype(np.int64))
        return found[0], found[1], found[2]


def _checked(vectors: Vectors, what: str) -> Vectors:
    array = np.ascontiguousarray(vectors, np.float32)
    if array.ndim != 2 or array.size == 0:
        raise CardiolexError(f"{what} must be vectors (N, E), not {np.shape(vectors)}")
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise CardiolexError(f"row {row} of the {what} is not finite: the model gave NaN")
    return array + np.float32(0)  # -0 and 0 are one number


def _distinct(vectors: Vectors) -> tuple[Vectors, Groups]:
    rows = np.ascontiguousarray(vectors).view(np.dtype((np.void, vectors.shape[1] * 4))).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    return vectors[first], inverse.reshape(-1).astype(np.intp)


def _spans(n: int, width: int) -> Iterator[tuple[int, int]]:
    step = max(1, CHUNK // width)
    for start in range(0, n, step):
        yield start, min(start + step, n)


def _counts(wanted: Groups, groups: Groups) -> NDArray[np.int64]:
    """How many of `groups` equal each of `wanted`."""
    names, sizes = np.unique(groups, return_counts=True)
    place = np.searchsorted(names, wanted).clip(max=len(names) - 1)
    return np.where(names[place] == wanted, sizes[place], 0).astype(np.int64)
