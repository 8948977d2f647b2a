"""Calibration measured on labelled recordings: logits to probabilities to decisions.

Platt scaling with Platt's smoothed targets (Platt 1999, section 2.2), and as operating point the
probability at which F1 is largest. Neither can change a ranking or an AUROC.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from cardiolex.calibration import Calibration, Platt

MIN_CASES = 5
"""Positives, and negatives, that a condition needs for a fit of its own."""
MIN_SCALE = 1e-3
Floats = NDArray[np.floating]


def fit_platt(logits: Floats, labels: Floats) -> Platt | None:
    """The fit of one condition from `logits` (N,) and `labels` (N,), 1 / 0 / NaN (unknown).

    None if there are too few cases, or if a higher logit does not make the condition likelier:
    turning the ranking round is not calibration.
    """
    known = ~np.isnan(labels)
    x, y = np.asarray(logits, np.float64)[known], labels[known] > 0
    positives, negatives = int(y.sum()), int((~y).sum())
    if min(positives, negatives) < MIN_CASES:
        return None
    target = np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    scale, offset = _most_likely(x, target)
    if scale < MIN_SCALE:
        return None
    threshold = best_f1(expit(scale * x + offset), y)
    return Platt(scale=scale, offset=offset, threshold=threshold)


def best_f1(probabilities: Floats, present: NDArray[np.bool_]) -> float:
    """The threshold with the largest F1, half-way between the two values that it separates."""
    order = np.argsort(-probabilities, kind="stable")
    p, hits = probabilities[order], np.cumsum(present[order])
    chosen = np.arange(1, len(p) + 1)
    f1 = 2 * hits / (chosen + hits[-1])
    f1[:-1][p[:-1] == p[1:]] = -1  # equal values cannot be separated
    best = int(f1.argmax())
    below = p[best + 1] if best + 1 < len(p) else 0.0
    return float((p[best] + below) / 2)


def fit_calibration(samples: Mapping[str, tuple[Floats, Floats]], fitted_on: str) -> Calibration:
    """Calibration from `samples`: condition -> (logits, labels), labels 1 / 0 / NaN.

    Conditions with too few cases share the default, which is fitted on all samples together.
    """
    fits = {name: fit_platt(*pair) for name, pair in samples.items()}
    logits = np.concatenate([pair[0] for pair in samples.values()])
    labels = np.concatenate([pair[1] for pair in samples.values()])
    return Calibration(
        fitted_on=fitted_on,
        operating_point="largest F1 on the records of the fit",
        default=fit_platt(logits, labels) or Platt(),
        conditions={name: fit for name, fit in fits.items() if fit is not None},
    )


def _most_likely(x: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[float, float]:
    """Scale and offset with the largest likelihood; convex, so any start leads there."""
    centre, spread = float(x.mean()), float(x.std()) or 1.0
    z = (x - centre) / spread

    def loss(ab: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = ab[0] * z + ab[1]
        value = np.logaddexp(0, margin) - target * margin
        slope = expit(margin) - target
        return float(value.sum()), np.array([slope @ z, slope.sum()])

    a, b = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return float(a / spread), float(b - a * centre / spread)
