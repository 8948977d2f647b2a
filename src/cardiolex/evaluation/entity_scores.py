"""How alike two reports are in what they state: precision, recall and F1 of clinical findings.

Both texts go through the same extractor, in whatever language they are. A finding counts where a
text states it as present; what it denies or only holds possible is not stated. Where the reference
holds a finding possible, writing it is neither right nor wrong. With superclasses, a subtype also
states what it is a kind of: an inferior instead of an anterior infarction is then half right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cardiolex.errors import CardiolexError
from cardiolex.reports.entities_found import Extraction
from cardiolex.reports.vocabulary import Vocabulary

MIN_REFERENCES = 3
"""Records that must state a finding for it to count in a macro mean."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EntityCounts:
    """Findings written and stated, written wrongly, missed: sparse (N, Q) of ones."""

    right: csr_array
    wrong: csr_array
    missed: csr_array

    def sums(self, weights: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
        """The counts (R, Q) under each column of `weights` (N, R)."""
        right, wrong, missed = (
            np.asarray(counts.T @ weights, np.float64).T
            for counts in (self.right, self.wrong, self.missed)
        )
        return right, wrong, missed

    def references(self) -> NDArray[np.int64]:
        """How many references state each finding (Q,)."""
        return np.asarray((self.right + self.missed).sum(axis=0)).astype(np.int64).ravel()

    def written(self) -> NDArray[np.int64]:
        """How many texts state each finding, those of uncertain references left aside (Q,)."""
        return np.asarray((self.right + self.wrong).sum(axis=0)).astype(np.int64).ravel()


def count_entities(
    written: Sequence[Extraction],
    references: Sequence[Extraction],
    vocabulary: Vocabulary,
    *,
    superclasses: bool = False,
) -> EntityCounts:
    """Compare texts with their references, finding by finding."""
    if len(written) != len(references):
        raise CardiolexError(f"{len(written)} texts for {len(references)} references")
    cells: dict[str, list[tuple[int, int]]] = {"right": [], "wrong": [], "missed": []}
    for row, (text, reference) in enumerate(zip(written, references, strict=True)):
        said, true, maybe = text.present, reference.present, reference.uncertain
        if superclasses:
            said, true, maybe = (vocabulary.closure(names) for names in (said, true, maybe))
        found = {"right": said & true, "wrong": said - true - maybe, "missed": true - said}
        for kind, names in found.items():
            cells[kind] += [(row, vocabulary.index[name]) for name in names]
    shape = len(written), len(vocabulary)
    return EntityCounts(**{kind: _ones(places, shape) for kind, places in cells.items()})


def _ones(places: list[tuple[int, int]], shape: tuple[int, int]) -> csr_array:
    rows, columns = np.array(places, np.intp).reshape(-1, 2).T
    return csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def micro(right: Floats, wrong: Floats, missed: Floats) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 (R,) of all findings together, from counts (R, Q)."""
    return shares(right.sum(axis=1), wrong.sum(axis=1), missed.sum(axis=1))


def macro(
    right: Floats, wrong: Floats, missed: Floats, counted: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Means (R,) over the findings `counted` (Q,); precision is 0 where none is ever written.

    In a resample, findings that no reference states are left out.
    """
    p, r, f = shares(right[:, counted], wrong[:, counted], missed[:, counted])
    there = np.isfinite(r)
    number = there.sum(axis=1)
    means = []
    for part in (p, r, f):
        total = np.where(there, np.nan_to_num(part), 0.0).sum(axis=1)
        means.append(np.divide(total, number, out=np.full(len(p), np.nan), where=number > 0))
    return means[0], means[1], means[2]


def shares(right: Floats, wrong: Floats, missed: Floats) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1, each NaN where nothing is written, nothing stated, neither."""
    return (
        _ratio(right, right + wrong),
        _ratio(right, right + missed),
        _ratio(2 * right, 2 * right + wrong + missed),
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    out = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
