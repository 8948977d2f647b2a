"""How far probabilities can be believed: bins, expected calibration error, Brier score.

Shapes: N answers, B bins. A perfect forecaster's observed share equals its probability in each bin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.metrics import known

Floats = NDArray[np.float64]
BINS = 10


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Mean `predicted` probability, `observed` share and `count` of every bin (B,); NaN: empty."""

    predicted: Floats
    observed: Floats
    count: Floats

    @property
    def ece(self) -> float:
        """Expected calibration error: mean of |observed - predicted|, bins weighted by count."""
        there = self.count > 0
        gap = np.abs(self.observed[there] - self.predicted[there])
        return float((gap * self.count[there]).sum() / self.count.sum())


def reliability_curve(
    labels: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    *,
    bins: int = BINS,
    equal_mass: bool = False,
) -> ReliabilityCurve:
    """Bins of equal width (Guo et al. 2017), or of equal mass, of answers (N,).

    Labels are 1, 0 or NaN (left aside).
    """
    y, p = known(labels, probabilities)
    place = _bins(p, bins, equal_mass)
    count = np.bincount(place, minlength=bins).astype(np.float64)
    predicted = _mean(np.bincount(place, p, bins).astype(np.float64), count)
    observed = _mean(np.bincount(place, y, bins).astype(np.float64), count)
    return ReliabilityCurve(predicted, observed, count)


def _bins(p: Floats, bins: int, equal_mass: bool) -> NDArray[np.intp]:
    if not equal_mass:
        return np.minimum((p * bins).astype(np.intp), bins - 1)
    edges = np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]) if len(p) else np.empty(0)
    return np.searchsorted(edges, p, side="right").astype(np.intp)


def _mean(total: Floats, count: Floats) -> Floats:
    out = np.full(count.shape, np.nan)
    np.divide(total, count, out=out, where=count > 0)
    return out


def weighted_scores(
    labels: NDArray[np.floating], probabilities: Floats, weights: NDArray[np.floating]
) -> dict[str, Floats]:
    """ECE (equal width), Brier score and log loss of all answers (N, C) together, under each
    column of `weights` (N, R): (R,) each."""
    y, p = np.asarray(labels, np.float64), np.asarray(probabilities, np.float64)
    there = ~np.isnan(y)
    w = np.asarray(weights, np.float64)
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    target = np.nan_to_num(y)
    loss = -(target * np.log(clipped) + (1 - target) * np.log1p(-clipped))
    total = w.T @ there.sum(axis=1)
    brier = w.T @ (there * (p - target) ** 2).sum(axis=1)
    log_loss = w.T @ (there * loss).sum(axis=1)
    place = np.minimum((p * BINS).astype(np.intp), BINS - 1)
    gap = np.zeros(w.shape[1])
    for bin_ in range(BINS):
        inside = (place == bin_) & there
        gap += np.abs(w.T @ (inside * (target - p)).sum(axis=1))
    return {
        "ece": np.asarray(gap / total),
        "brier": np.asarray(brier / total),
        "log_loss": np.asarray(log_loss / total),
    }


def brier_parts(
    labels: NDArray[np.floating], probabilities: NDArray[np.floating]
) -> dict[str, float]:
    """Murphy's decomposition over bins of equal width: Brier = reliability - resolution +
    uncertainty, exact where the answers of a bin are equal (Murphy 1973)."""
    y, p = known(labels, probabilities)
    curve = reliability_curve(y, p)
    there, n, rate = curve.count > 0, max(len(y), 1), float(y.mean()) if len(y) else np.nan
    count, seen, said = curve.count[there], curve.observed[there], curve.predicted[there]
    return {
        "reliability": float((count * (said - seen) ** 2).sum() / n),
        "resolution": float((count * (seen - rate) ** 2).sum() / n),
        "uncertainty": float(rate * (1 - rate)),
    }
