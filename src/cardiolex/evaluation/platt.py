"""Calibration measured on labelled recordings: logits to probabilities to decisions.

Platt scaling with Platt's smoothed targets (Platt 1999, section 2.2), and as operating point the
probability at which the decision correlates best with the truth (Matthews 1975): unlike F1 it does
not call a common condition present in everybody. Neither can change a ranking or an AUROC.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from cardiolex.calibration import Calibration, Platt

MIN_CASES = 4
"""Positives, and negatives, that a condition needs for a fit of its own."""
LEAST = 0.1
"""What is less probable than this is never called present."""
LIKELIER = 1.92
"""Log-likelihood that the logits must add to the frequency: half the 95 % point of chi2(1)."""
Floats = NDArray[np.floating]


def fit_platt(logits: Floats, labels: Floats) -> Platt | None:
    """The fit of one condition from `logits` (N,) and `labels` (N,), 1 / 0 / NaN (unknown).

    None if there are too few cases, or if the logits tell no more than the condition's frequency
    (likelihood ratio test, 5 %), or the wrong way round: turning a ranking is not calibration.
    """
    known = ~np.isnan(labels)
    x, y = np.asarray(logits, np.float64)[known], labels[known] > 0
    positives, negatives = int(y.sum()), int((~y).sum())
    if min(positives, negatives) < MIN_CASES:
        return None
    target = np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    scale, offset = _most_likely(x, target)
    gain = _likelihood(scale * x + offset, target) - _likelihood(logit(target.mean()), target)
    if scale <= 0 or gain < LIKELIER:
        return None
    threshold = max(best_threshold(expit(scale * x + offset), y), LEAST)
    return Platt(scale=scale, offset=offset, threshold=threshold)


def best_threshold(probabilities: Floats, present: NDArray[np.bool_]) -> float:
    """The threshold with the largest Matthews correlation, half-way between the values it parts."""
    order = np.argsort(-probabilities, kind="stable")
    p, hits = probabilities[order], np.cumsum(present[order])
    chosen, positives = np.arange(1, len(p) + 1), hits[-1]
    covariance = len(p) * hits - chosen * positives
    spread = chosen * (len(p) - chosen) * positives * (len(p) - positives)
    mcc = covariance / np.sqrt(np.maximum(spread, 1))
    mcc[:-1][p[:-1] == p[1:]] = -1  # equal values cannot be parted
    best = int(mcc.argmax())
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
        operating_point=f"largest Matthews correlation on the records of the fit, at least {LEAST}",
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


def _likelihood(margin: NDArray[np.float64] | float, target: NDArray[np.float64]) -> float:
    """Log-likelihood of the targets (N,) given log-odds."""
    return float((target * margin - np.logaddexp(0, margin)).sum())
