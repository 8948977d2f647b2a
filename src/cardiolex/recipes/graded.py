"""Soft labels for findings that are one limit on one measured value.

Readers differ: one calls 90 per minute a tachycardia, another 101; one calls an axis of -15 degrees
left, another one of -31. A label that is sure on either side of a sharp limit teaches a network
nothing about values that are merely close to it, and what it makes of them is chance. Where the
value is known, the label becomes the share of readers who would say so, with limits that are
logistic around the published one: a logit then rises with the value everywhere. Shapes: N views,
K values, Q entities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements import NAMES

SINUS = ("sinus rhythm", "sinus bradycardia", "sinus tachycardia", "sinus arrhythmia")
HIGHER_BLOCK = (
    "second degree av block type i",
    "second degree av block type ii",
    "2:1 av block",
    "third degree av block",
)
FAST, SLOW = (100.0, 5.0), (60.0, 4.0)
"""Limit and spread, per minute."""
LONG_PR = (200.0, 10.0)  # ms
LEFT, RIGHT = (-30.0, 12.0), (90.0, 10.0)  # degrees
_LEAST_PR_MS = 90.0  # below it the P wave found is hardly one
_SURE = 12.0

Floats = NDArray[np.float32]


def graded(labels: Floats, measured: Floats, names: Sequence[str]) -> Floats:
    """`labels` (N, Q; 1, 0, NaN) of `names` with shares from 0 to 1 where a value decides.

    `measured` (N, K) are the values from all leads of each recording, whatever the view shows.
    Sinus rhythm is asked for where rate alone tells it from its fast and slow forms; PR where sinus
    beats are conducted one by one; axes where they are not extreme. What is unknown for another
    reason stays so.
    """
    table = _Table(labels.copy(), tuple(names))
    value = {name: measured[:, NAMES.index(name)] for name in ("heart_rate", "pr_interval")}
    rate, pr = value["heart_rate"], value["pr_interval"]
    axis = measured[:, NAMES.index("qrs_axis")]
    fast, slow = _above(rate, FAST), _above(-rate, (-SLOW[0], SLOW[1]))
    sinus = np.any([table.column(name) == 1 for name in SINUS], axis=0)
    table.put("tachycardia", fast, ~np.isnan(rate))
    table.put("bradycardia", slow, ~np.isnan(rate))
    table.put("sinus tachycardia", fast, sinus)
    table.put("sinus bradycardia", slow, sinus)
    table.put("sinus rhythm", (1 - fast) * (1 - slow), sinus & table.known("sinus rhythm"))
    single = np.all([table.column(name) == 0 for name in HIGHER_BLOCK], axis=0)
    table.put("first degree av block", _above(pr, LONG_PR), sinus & single & (pr > _LEAST_PR_MS))
    left, right = _above(-axis, (-LEFT[0], LEFT[1])), _above(axis, RIGHT)
    known = table.known("left axis deviation") & (axis > -90) & (axis < 150)
    table.put("left axis deviation", left, known)
    known = table.known("right axis deviation") & (axis > -60) & (axis < 170)
    table.put("right axis deviation", right, known)
    return table.labels


class _Table:
    """Labels by name; a name that there is no column for is left alone."""

    def __init__(self, labels: Floats, names: tuple[str, ...]) -> None:
        self.labels = labels
        self.place = {name: column for column, name in enumerate(names)}
        self.nothing = np.full(len(labels), np.nan, np.float32)

    def column(self, name: str) -> Floats:
        return self.labels[:, self.place[name]] if name in self.place else self.nothing

    def known(self, name: str) -> NDArray[np.bool_]:
        return ~np.isnan(self.column(name))

    def put(self, name: str, shares: Floats, where: NDArray[np.bool_]) -> None:
        if name in self.place:
            rows = where & ~np.isnan(shares)
            self.labels[rows, self.place[name]] = shares[rows]


def _above(values: Floats, limit: tuple[float, float]) -> Floats:
    """Share of readers whose limit lies below `values`; NaN where there is no value."""
    middle, spread = limit
    z = np.clip((values - middle) / spread, -_SURE, _SURE)
    return np.asarray(1 / (1 + np.exp(-z)), np.float32)
