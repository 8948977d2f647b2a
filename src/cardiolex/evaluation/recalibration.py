"""Probabilities turned into better ones, fitted on other patients than those they are judged on.

Temperature: one scale for all logits (Guo et al. 2017). Platt: scale and offset per condition
(`platt.fit_platt`; a condition with too few cases keeps its answers). Isotonic: the monotone steps
of least squares per condition (Zadrozny & Elkan 2002), smoothed as Platt's targets are so that no
answer is 0 or 1 for sure. Only Platt and temperature keep every ranking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize_scalar
from scipy.special import expit, logit

from cardiolex.evaluation.platt import MIN_CASES, fit_platt

Floats = NDArray[np.float64]
Method = Literal["temperature", "platt", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)
Better = Callable[[Floats], Floats]
_NEAREST = 1e-12


def fit_recalibration(
    method: Method, labels: NDArray[np.floating], probabilities: Floats
) -> Better:
    """A function of probabilities (N', C) to better ones, fitted on (N, C); labels 1, 0, NaN."""
    if method == "temperature":
        scale = fit_temperature(labels, probabilities)
        return lambda p: np.asarray(expit(scale * _logits(p)))
    fit = _platt if method == "platt" else _isotonic
    columns = [fit(labels[:, c], probabilities[:, c]) for c in range(labels.shape[1])]
    return lambda p: np.stack([one(p[:, c]) for c, one in enumerate(columns)], axis=1)


def fit_temperature(labels: NDArray[np.floating], probabilities: Floats) -> float:
    """The scale (1 / temperature) of all logits with the smallest log loss; 1 without answers."""
    known = ~np.isnan(labels)
    z, y = _logits(probabilities)[known], np.asarray(labels[known], np.float64)
    if not len(z):
        return 1.0

    def loss(log_scale: float) -> float:
        margin = np.exp(log_scale) * z
        return float((np.logaddexp(0, margin) - y * margin).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded").x))


def _platt(labels: NDArray[np.floating], probabilities: Floats) -> Better:
    fit = fit_platt(_logits(probabilities), labels)
    if fit is None:
        return lambda p: p
    return lambda p: np.asarray(expit(fit.scale * _logits(p) + fit.offset))


def _isotonic(labels: NDArray[np.floating], probabilities: Floats) -> Better:
    known = ~np.isnan(labels)
    p, y = probabilities[known], np.asarray(labels[known], np.float64)
    positives, negatives = int(y.sum()), int((1 - y).sum())
    if min(positives, negatives) < MIN_CASES:
        return lambda values: values
    target = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    places, owner = np.unique(p, return_inverse=True)
    weight = np.bincount(owner).astype(np.float64)
    steps = isotonic_regression(np.bincount(owner, target) / weight, weights=weight).x
    return lambda values: np.asarray(np.interp(values, places, steps))


def _logits(probabilities: Floats) -> Floats:
    return np.asarray(logit(np.clip(probabilities, _NEAREST, 1 - _NEAREST)))
