"""From a model's logit to a probability and a decision, as data that travels with the model.

Platt scaling (Platt 1999) per condition, p = sigmoid(scale * logit + offset) with scale > 0, so
that no ranking and no AUROC can change. A condition without a fit of its own uses the default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text


@dataclass(frozen=True)
class Platt:
    """One fit: probability = sigmoid(scale * logit + offset), present when >= threshold."""

    scale: float = 1.0
    offset: float = 0.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not (self.scale > 0 and np.isfinite(self.scale) and np.isfinite(self.offset)):
            raise CardiolexError(
                f"calibration scale {self.scale} must be positive and finite, "
                f"offset {self.offset} finite: another sign would turn the ranking round"
            )
        if not 0 <= self.threshold <= 1:
            raise CardiolexError(f"decision threshold {self.threshold} is no probability")


@dataclass(frozen=True)
class Calibration:
    """Fits by canonical condition name, with words on what they were fitted on."""

    fitted_on: str = "not calibrated: probabilities are the network's own"
    operating_point: str = "probability 0.5"
    default: Platt = Platt()
    conditions: Mapping[str, Platt] = field(default_factory=dict)

    def is_fitted(self, condition: str) -> bool:
        """Whether `condition` has a fit of its own."""
        return condition in self.conditions

    def threshold(self, condition: str) -> float:
        """Probability from which `condition` counts as present."""
        return self.conditions.get(condition, self.default).threshold

    def probabilities(
        self, logits: NDArray[np.float32], conditions: Sequence[str]
    ) -> NDArray[np.float64]:
        """Turn logits (..., C) into probabilities (..., C), columns named by `conditions`."""
        fits = [self.conditions.get(name, self.default) for name in conditions]
        scale = np.array([fit.scale for fit in fits])
        offset = np.array([fit.offset for fit in fits])
        z = np.clip(logits.astype(np.float64) * scale + offset, -60, 60)
        return np.asarray(1 / (1 + np.exp(-z)))

    def save(self, path: Path) -> None:
        """Write as JSON, atomically."""
        write_text(path, json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read what `save` wrote; a malformed file is an error that names it."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                fitted_on=data["fitted_on"],
                operating_point=data["operating_point"],
                default=Platt(**data["default"]),
                conditions={name: Platt(**fit) for name, fit in data["conditions"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CardiolexError(
                f"{path}: not a calibration file ({error}); restore it from the checkpoint's source"
            ) from error
