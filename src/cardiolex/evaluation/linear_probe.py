"""A linear layer on frozen features: the optimum that training it for long would reach, at once.

The loss of MERL's and K-MERL's probes, binary cross-entropy over classes with weight decay, is
convex in the layer, so it is minimised by L-BFGS instead of epochs of small steps. Features are
standardised with the mean and spread of the training records.
Shapes: N records, D features, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.metrics import auroc

Floats = NDArray[np.float64]
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True, eq=False)
class Probe:
    """`weights` (D, K) and `bias` (K,) on features less `mean` (D,), divided by `spread` (D,)."""

    weights: Floats
    bias: Floats
    mean: Floats
    spread: Floats

    def logits(self, features: NDArray[np.floating]) -> Floats:
        """(N, D) to (N, K)."""
        standard = (np.asarray(features, np.float64) - self.mean) / self.spread
        return np.asarray(standard @ self.weights + self.bias)


def fit_probe(
    features: NDArray[np.floating], labels: NDArray[np.floating], penalty: float
) -> Probe:
    """Minimise, per class, mean cross-entropy of its known labels + penalty / 2 x |weights|^2.

    `features` (N, D); `labels` (N, K): 1, 0 or NaN (unknown, takes no part). A class of which
    nothing is known, or only one side, is answered by its bias.
    """
    x = np.asarray(features, np.float64)
    y = np.asarray(labels, np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) == 0:
        raise CardiolexError(f"features {x.shape} and labels {y.shape} must be (N, D) and (N, K)")
    if not np.isfinite(x).all():
        raise CardiolexError("features are not finite: the encoder gave NaN or infinite values")
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    standard = (x - mean) / spread
    known = np.isfinite(y)
    share = known / np.maximum(known.sum(axis=0), 1)  # weight of each label in its class's mean
    target = np.nan_to_num(y)
    d, k = x.shape[1], y.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        w, b = flat[: d * k].reshape(d, k), flat[d * k :]
        z = standard @ w + b
        value = (share * (np.logaddexp(0, z) - target * z)).sum() + 0.5 * penalty * (w * w).sum()
        error = share * (expit(z) - target)
        gradient = np.concatenate([(standard.T @ error + penalty * w).ravel(), error.sum(axis=0)])
        return float(value), gradient

    start = np.concatenate([np.zeros(d * k), _log_odds(share, target)])
    options = {"maxiter": 1000, "maxfun": 2000, "ftol": 1e-10, "gtol": 1e-6}
    found = minimize(  # type: ignore[call-overload]
        loss, start, jac=True, method="L-BFGS-B", options=options
    )
    return Probe(found.x[: d * k].reshape(d, k), found.x[d * k :], mean, spread)


def choose_penalty(
    train: tuple[NDArray[np.floating], NDArray[np.floating]],
    valid: tuple[NDArray[np.floating], NDArray[np.floating]],
    penalties: Sequence[float] = PENALTIES,
) -> float:
    """The penalty whose probe has the best macro AUROC on `valid`; the largest of equals.

    Classes that lack one side in `valid` take no part; if all do, the middle of `penalties`.
    """
    figures = []
    for penalty in sorted(penalties, reverse=True):
        logits = fit_probe(*train, penalty).logits(valid[0])
        figures.append((penalty, macro_auroc(valid[1], logits)))
    measured = [(penalty, value) for penalty, value in figures if np.isfinite(value)]
    if not measured:
        return sorted(penalties)[len(penalties) // 2]
    return max(measured, key=lambda one: one[1])[0]


def macro_auroc(labels: NDArray[np.floating], scores: Floats) -> float:
    """Mean AUROC of the classes with both sides; NaN if there is none."""
    areas = [
        auroc(y, s)
        for y, s in zip(labels.T, scores.T, strict=True)
        if (y == 1).any() and (y == 0).any()
    ]
    return float(np.mean(areas)) if areas else float("nan")


def _log_odds(share: Floats, target: Floats) -> Floats:
    rate = np.clip((share * target).sum(axis=0), 1e-3, 1 - 1e-3)
    return np.asarray(np.log(rate / (1 - rate)))
