"""DeLong's test of two AUROCs on the same recordings, and its interval, by patient.

The AUROC is a mean over positives of the share of negatives below each ("placement"), and over
negatives likewise; the covariance of two AUROCs follows from the covariances of placements
(DeLong, DeLong & Clarke-Pearson, Biometrics 1988), computed from mid-ranks (Sun & Xu, IEEE Signal
Process Lett 2014). Where patients have several recordings, placements are summed by patient first
(Obuchowski, Biometrics 1997, eq. 2 to 4); with one recording each, both are the same.
Shapes: N recordings, S systems, M positives, L negatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.metrics import known

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DeLong:
    """AUROC of two systems on one class: the difference, its standard error, a two-sided p."""

    first: float
    second: float
    standard_error: float
    p: float

    @property
    def difference(self) -> float:
        """First minus second."""
        return self.first - self.second

    def interval(self, level: float = 0.95) -> Estimate:
        """The difference with its normal interval."""
        half = float(norm.ppf((1 + level) / 2)) * self.standard_error
        return Estimate(self.difference, self.difference - half, self.difference + half)


def delong(
    labels: NDArray[np.floating],
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    patients: Sequence[str] | None = None,
) -> DeLong:
    """Compare the scores `first` and `second` (N,) of one class with `labels` (N,; 1, 0, NaN).

    NaN throughout where positives or negatives are missing. Where the standard error is 0, p is 1
    if there is no difference, and NaN if there is one that the method cannot judge (one system
    parts the classes, the other is constant).
    """
    areas, covariance = auroc_covariance(labels, [first, second], patients)
    contrast = np.array([1.0, -1.0])
    variance = float(contrast @ covariance @ contrast)
    difference = float(areas[0] - areas[1])
    error = float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else np.nan
    if not np.isfinite(error):
        p = np.nan
    elif error == 0:
        p = 1.0 if difference == 0 else np.nan
    else:
        p = float(2 * norm.sf(abs(difference) / error))
    return DeLong(float(areas[0]), float(areas[1]), error, p)


def auroc_covariance(
    labels: NDArray[np.floating],
    scores: Sequence[NDArray[np.floating]],
    patients: Sequence[str] | None = None,
) -> tuple[Floats, Floats]:
    """AUROC (S,) of every system and their covariance (S, S); NaN without both kinds."""
    y = np.asarray(labels, np.float64)
    kept = ~np.isnan(y)
    systems = np.stack([known(y, one)[1] for one in scores])
    positive = y[kept] == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if patients is not None and len(patients) != len(y):
        raise CardiolexError(f"{len(patients)} patients given for {len(y)} records")
    if m == 0 or n == 0:
        empty = np.full(len(systems), np.nan)
        return empty, np.full((len(systems), len(systems)), np.nan)
    of_positive, of_negative = _placements(systems, positive)
    areas = of_positive.mean(axis=1)
    names = np.arange(len(y)) if patients is None else np.asarray(patients, str)
    owner = np.unique(names[kept], return_inverse=True)[1]
    centred = np.zeros((2, len(systems), int(owner.max()) + 1))
    for side, (part, values) in enumerate(((positive, of_positive), (~positive, of_negative))):
        for s, row in enumerate(values - areas[:, None]):
            np.add.at(centred[side, s], owner[part], row)
    return areas, _clustered(centred, owner, positive)


def _placements(systems: Floats, positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """For every positive the share of negatives below it (S, M); for every negative the share
    of positives above it (S, L); ties count half."""
    m, n = int(positive.sum()), int((~positive).sum())
    whole = rankdata(systems, axis=1)
    own_positive = rankdata(systems[:, positive], axis=1)
    own_negative = rankdata(systems[:, ~positive], axis=1)
    return (
        (whole[:, positive] - own_positive) / n,
        1.0 - (whole[:, ~positive] - own_negative) / m,
    )


def _clustered(centred: Floats, owner: NDArray[np.intp], positive: NDArray[np.bool_]) -> Floats:
    """Covariance from placements less their mean, summed by patient: (2, S, patients)."""
    m, n = int(positive.sum()), int((~positive).sum())
    patients = centred.shape[2]
    with_positive = len(np.unique(owner[positive]))
    with_negative = len(np.unique(owner[~positive]))
    if min(with_positive, with_negative) < 2:
        return np.full((centred.shape[1],) * 2, np.nan)
    x, y = centred
    s10 = with_positive / ((with_positive - 1) * m) * (x @ x.T)
    s01 = with_negative / ((with_negative - 1) * n) * (y @ y.T)
    s11 = patients / (patients - 1) * (x @ y.T)
    return np.asarray(s10 / m + s01 / n + (s11 + s11.T) / (m * n))
