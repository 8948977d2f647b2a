"""A figure of ours, with its interval and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Figure:
    """A figure of ours in per cent with its 95 % interval, or why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    records: int = 0
    classes: int = 0
    why: str = ""
    per_class: tuple[tuple[str, int, float], ...] = ()
    """Condition, positives, AUROC in per cent."""
    samples: tuple[float, ...] = field(default=(), repr=False)
    """The figure in each bootstrap resample."""

    @property
    def nothing(self) -> bool:
        """Whether records were asked and none of their classes belongs here (none is unseen)."""
        return self.value is None and self.records > 0

    @property
    def shown(self) -> str:
        """Value and interval, or nothing."""
        if self.value is None:
            return "–"
        if self.low is None or self.high is None:
            return f"{self.value:.0f}"
        return f"{self.value:.1f} ({self.low:.1f}-{self.high:.1f})"

    def to_dict(self, *, samples: bool = False) -> dict[str, Any]:
        """Plain data for JSON, with the resamples where the figure is to be read again."""
        plain = {name: value for name, value in vars(self).items() if name != "samples"}
        return {**plain, **({"samples": list(self.samples)} if samples else {})}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Figure:
        """The figure that `to_dict` with samples gave."""
        per_class = tuple((name, n, value) for name, n, value in kept["per_class"])
        return cls(**{**kept, "per_class": per_class, "samples": tuple(kept["samples"])})


def with_interval(value: float, samples: NDArray[np.float64], **facts: Any) -> Figure:
    """`value` with the 95 % interval of its resamples (R,)."""
    finite = samples[np.isfinite(samples)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (None, None)
    return Figure(
        value=round(value, 4),
        low=None if low is None else round(float(low), 4),
        high=None if high is None else round(float(high), 4),
        samples=tuple(round(float(x), 4) for x in finite),
        **facts,
    )


def row_means(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over classes in each resample, classes without a figure left aside."""
    known = np.isfinite(samples)
    total = np.where(known, samples, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    mean = np.full(len(samples), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean
