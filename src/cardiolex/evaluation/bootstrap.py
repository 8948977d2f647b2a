"""Bootstrap intervals of AUROC and average precision, resampling patients, not records.

A resample is a weight per record (how often its patient was drawn), so that one sort per class
serves all resamples. Percentile intervals (Efron & Tibshirani, 1993, chapter 13). A patient drawn
twice is a tie that a ranking cannot split, which lifts average precision of rare classes in the
resamples: its interval lies somewhat high, that of AUROC does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.metrics import Array, known, ranking_metrics

_CHUNK_WEIGHTS = 1_000_000  # weights held at a time, at least 25 resamples of them


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"

    def to_dict(self) -> dict[str, float | None]:
        """For JSON: NaN becomes None."""
        parts = {"value": self.value, "low": self.low, "high": self.high}
        return {name: float(x) if np.isfinite(x) else None for name, x in parts.items()}


@dataclass(frozen=True)
class Resampled:
    """One metric: `value` (C,) on all records, `samples` (R, C) on resamples; NaN: undefined."""

    value: NDArray[np.float64]
    samples: NDArray[np.float64]

    def of_class(self, index: int, level: float = 0.95) -> Estimate:
        """The metric of class `index`."""
        return estimate(float(self.value[index]), self.samples[:, index], level)

    def macro(self, level: float = 0.95, classes: Sequence[int] | None = None) -> Estimate:
        """The unweighted mean over all classes, or over some; NaN if there are none."""
        chosen = np.arange(len(self.value)) if classes is None else np.asarray(classes, np.intp)
        if len(chosen) == 0:
            return Estimate(np.nan, np.nan, np.nan)
        samples = mean_known(self.samples[:, chosen])
        return estimate(float(mean_known(self.value[None, chosen])[0]), samples, level)

    def minus(self, other: Resampled) -> Resampled:
        """The difference, paired: both must come from the same records, patients and seed."""
        return Resampled(self.value - other.value, self.samples - other.samples)


def estimate(value: float, samples: NDArray[np.float64], level: float) -> Estimate:
    """`value` with the percentile interval of `samples` (R,), NaN samples left aside."""
    if not 0 < level < 1:
        raise CardiolexError(f"level = {level:g}: give a number between 0 and 1, such as 0.95")
    finite = samples[np.isfinite(samples)]
    if len(finite) == 0:
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))


def mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis of what is not NaN."""
    count = np.isfinite(values).sum(axis=-1)
    total = np.nansum(values, axis=-1)
    mean = np.full(count.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def bootstrap(
    labels: Array,
    scores: Array,
    patients: Sequence[str] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Resampled, Resampled]:
    """AUROC and average precision of `scores` (N, C) against `labels` (N, C; 1, 0, NaN).

    `patients` (N,) says whose each record is; without it each record is its own patient. The draws
    depend on `seed` and the number of patients only, so two score matrices of the same records
    may be compared by `Resampled.minus`.
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if labels.ndim != 2 or labels.shape != scores.shape:
        raise CardiolexError(
            f"labels {labels.shape} and scores {scores.shape} must be equal (N, C)"
        )
    owner = _owners(patients, len(labels))
    chunks: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = [
        _measure(labels, scores, np.ones((len(labels), 1)))
    ]
    chunks += [_measure(labels, scores, w) for w in _weights(owner, resamples, seed)]
    auroc, auprc = (np.concatenate([chunk[i] for chunk in chunks]) for i in (0, 1))
    return Resampled(auroc[0], auroc[1:]), Resampled(auprc[0], auprc[1:])


def patient_weights(
    patients: Sequence[str] | None, n: int, *, resamples: int = 1000, seed: int = 0
) -> Iterator[NDArray[np.float32]]:
    """Weights (N, R') of `n` records, R' columns at a time: how often each patient was drawn."""
    return _weights(_owners(patients, n), resamples, seed)


def _owners(patients: Sequence[str] | None, n: int) -> NDArray[np.intp]:
    if n == 0:
        raise CardiolexError("no records to evaluate")
    if patients is None:
        return np.arange(n)
    if len(patients) != n:
        raise CardiolexError(f"{len(patients)} patients given for {n} records")
    return np.unique(np.asarray(patients, dtype=str), return_inverse=True)[1].astype(np.intp)


def _weights(owner: NDArray[np.intp], resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Weights (N, chunk) until `resamples` columns are given: multinomial draws of patients."""
    rng = np.random.default_rng(seed)
    n_patients = int(owner.max()) + 1
    chunk = max(25, _CHUNK_WEIGHTS // len(owner))
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = np.empty((n_patients, size), np.float32)
        for column in range(size):
            picks = rng.integers(n_patients, size=n_patients)
            drawn[:, column] = np.bincount(picks, minlength=n_patients)
        yield drawn[owner]


def _measure(
    labels: Array, scores: Array, weights: Array
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUROC and average precision (R, C) under `weights` (N, R)."""
    auroc = np.full((weights.shape[1], labels.shape[1]), np.nan)
    auprc = auroc.copy()
    for c in range(labels.shape[1]):
        kept = ~np.isnan(labels[:, c])
        y, s = known(labels[:, c], scores[:, c])
        if len(y):
            used = weights if kept.all() else weights[kept]
            auroc[:, c], auprc[:, c] = ranking_metrics(y, s, used)
    return auroc, auprc


def paired_difference(
    labels: Array,
    a: Array,
    b: Array,
    patients: Sequence[str] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Resampled, Resampled]:
    """AUROC and average precision of scores `a` minus those of `b` (both (N, C)), paired."""
    first = bootstrap(labels, a, patients, resamples=resamples, seed=seed)
    second = bootstrap(labels, b, patients, resamples=resamples, seed=seed)
    return first[0].minus(second[0]), first[1].minus(second[1])
