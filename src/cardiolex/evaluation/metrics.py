"""Metrics of binary classification, equal to scikit-learn's, ties and weights included.

N records, C classes, R sets of weights. A label is 1, 0 or NaN (unknown: the record does not count
for that class).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError

Array = NDArray[np.floating]
MIN_POSITIVES = 3


def ranking_metrics(
    labels: Array, scores: Array, weights: Array
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUROC and average precision of one class under each column of `weights` (N, R): two (R,).

    One sort serves all R. Records are gathered into buckets of falling score: every group of tied
    scores that holds a positive is one, what lies between two such groups is one. AUROC is the
    Mann-Whitney statistic with ties counted half; average precision is sum (R_k - R_(k-1)) P_k over
    distinct scores. NaN where the weights leave no positive or, for AUROC, no negative. float32
    weights are quick and good to about 1e-6, float64 weights to about 1e-15.
    """
    order = np.argsort(-scores, kind="stable")
    starts = _bucket_starts(labels[order], scores[order])
    ordered = weights[order]
    positive = _sum_buckets(ordered * labels[order, None].astype(ordered.dtype), starts)
    negative = _sum_buckets(ordered, starts) - positive
    reached_pos, reached_neg = positive.cumsum(axis=0), negative.cumsum(axis=0)
    n_pos, n_neg = (n[-1].astype(np.float64) for n in (reached_pos, reached_neg))
    below = reached_neg[-1] - reached_neg + negative / 2
    reached = reached_pos + reached_neg
    precision = np.divide(reached_pos, reached, out=np.zeros_like(reached), where=reached > 0)
    auroc = _ratio((positive * below).sum(axis=0, dtype=np.float64), n_pos * n_neg)
    return auroc, _ratio((positive * precision).sum(axis=0, dtype=np.float64), n_pos)


def _bucket_starts(labels: Array, scores: Array) -> NDArray[np.intp]:
    """Indices where buckets begin, for records sorted by falling score."""
    tie_starts = np.flatnonzero(np.concatenate([[True], np.diff(scores) != 0]))
    has_positive = np.add.reduceat(labels, tie_starts) > 0
    opens = np.concatenate([[True], has_positive[1:] | has_positive[:-1]])
    starts: NDArray[np.intp] = tie_starts[opens]
    return starts


def _sum_buckets(values: Array, starts: NDArray[np.intp]) -> Array:
    summed: Array = np.add.reduceat(values, starts, axis=0)
    return summed


def _ratio(part: Array, whole: Array) -> NDArray[np.float64]:
    out = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def auroc(labels: Array, scores: Array) -> float:
    """Area under the ROC curve of one class; NaN without positives or without negatives."""
    return _single(labels, scores)[0]


def auprc(labels: Array, scores: Array) -> float:
    """Average precision of one class; NaN without positives."""
    return _single(labels, scores)[1]


def _single(labels: Array, scores: Array) -> tuple[float, float]:
    labels, scores = known(labels, scores)
    if len(labels) == 0:
        return np.nan, np.nan
    area, precision = ranking_metrics(labels, scores, np.ones((len(labels), 1)))
    return float(area[0]), float(precision[0])


def known(labels: Array, scores: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Labels and scores (N,) of one class without its unknown records; refuses other labels."""
    y, s = np.asarray(labels, np.float64), np.asarray(scores, np.float64)
    if y.shape != s.shape or y.ndim != 1:
        raise CardiolexError(f"labels {y.shape} and scores {s.shape} must be equal (N,)")
    kept = ~np.isnan(y)
    if not np.isin(y[kept], (0.0, 1.0)).all():
        raise CardiolexError("labels must be 0, 1 or NaN (unknown)")
    if not np.isfinite(s[kept]).all():
        raise CardiolexError("scores must be finite; the model gave NaN or infinity")
    return y[kept], s[kept]


@dataclass(frozen=True)
class Confusion:
    """Counts at one threshold, and what follows from them (NaN where nothing can be divided)."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def sensitivity(self) -> float:
        """Share of the positives found."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Share of the negatives left alone."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def precision(self) -> float:
        """Share of the decisions that are right (positive predictive value)."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); NaN if there is neither a positive nor a decision."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else np.nan


def confusion(labels: Array, scores: Array, threshold: float = 0.5) -> Confusion:
    """Counts of one class when `scores >= threshold` is called positive."""
    labels, scores = known(labels, scores)
    called, true = scores >= threshold, labels == 1
    return Confusion(
        tp=int((called & true).sum()),
        fp=int((called & ~true).sum()),
        fn=int((~called & true).sum()),
        tn=int((~called & ~true).sum()),
    )


def best_f1(labels: Array, scores: Array) -> tuple[float, float]:
    """The largest F1 over all thresholds, and that threshold.

    Chosen on the records it is computed on, as the published MERL script does: optimistic, and
    never to be compared with an F1 at a threshold fixed beforehand.
    """
    labels, scores = known(labels, scores)
    if not (labels == 1).any():
        return np.nan, np.nan
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.concatenate([np.diff(scores[order]) != 0, [True]]))
    found = labels[order].cumsum()[last]
    f1 = 2 * found / (last + 1 + labels.sum())
    best = int(f1.argmax())
    return float(f1[best]), float(scores[order][last[best]])


def roc_curve(labels: Array, scores: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rate at every distinct score, from (0, 0) to (1, 1)."""
    labels, scores = known(labels, scores)
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.concatenate([np.diff(scores[order]) != 0, [True]]))
    found = labels[order].cumsum()[last]
    wrong = last + 1 - found
    rates = [_ratio(n, np.full(len(n), n[-1])) for n in (wrong, found)]
    return np.concatenate([[0.0], rates[0]]), np.concatenate([[0.0], rates[1]])


def countable(
    labels: Array, min_positives: int = MIN_POSITIVES
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
    """Which classes of `labels` (N, C) can be measured, and their positives and negatives: (C,).

    A class needs `min_positives` of both; the others are for the caller to list, never to average.
    """
    n_pos = (labels == 1).sum(axis=0)
    n_neg = (labels == 0).sum(axis=0)
    enough = max(min_positives, 1)
    return (n_pos >= enough) & (n_neg >= enough), n_pos, n_neg
