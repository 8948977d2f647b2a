"""Calibration before and after fits on other patients, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import LEVEL, Answers
from cardiolex.evaluation.bootstrap import Estimate, estimate, patient_weights
from cardiolex.evaluation.calibration_curve import (
    ReliabilityCurve,
    brier_parts,
    reliability_curve,
    weighted_scores,
)
from cardiolex.evaluation.folds import folds_by_patient
from cardiolex.evaluation.recalibration import METHODS, fit_recalibration
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
AS_GIVEN = "as the model gives them"


@dataclass(frozen=True, eq=False)
class Calibrated:
    """One way of turning answers into probabilities, judged on patients it was not fitted on."""

    method: str
    scores: dict[str, Estimate]
    """`ece`, `brier`, `log_loss` of all answers together."""
    curve: ReliabilityCurve
    classes: dict[str, dict[str, float]]
    """Condition -> `ece` (bins of equal mass), `brier` and its parts."""


@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """One table; `fitted_on` says where the fits come from, `model_fit` what the model says."""

    table: str
    model: str
    n_records: int
    n_patients: int
    fitted_on: str
    model_fit: str
    methods: tuple[Calibrated, ...]
    resamples: int
    seed: int
    warnings: tuple[str, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "model", "n_records", "n_patients", "fitted_on", "model_fit")
        return {
            **{name: getattr(self, name) for name in plain},
            "methods": [_plain(one) for one in self.methods],
            "warnings": list(self.warnings),
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows of the table."""
        header = ("probabilities", "ECE (95 %)", "Brier (95 %)", "log loss (95 %)")
        names = ("ece", "brier", "log_loss")
        return header, [
            (one.method, *(str(one.scores[name]) for name in names)) for one in self.methods
        ]

    def to_markdown(self) -> str:
        """A row per method, then what to know about the fits."""
        title = f"**{self.table}: {self.n_records} records of {self.n_patients} patients**"
        told = [f"Fits: {self.fitted_on}.", f"The model's own: {self.model_fit}.", *self.warnings]
        return "\n".join([title, "", *markdown_table(*self.rows()), "", *told]) + "\n"

    def figure(self) -> Figure:
        """Reliability diagram of all methods."""
        from cardiolex.plots.protocols import reliability

        curves = {
            f"{one.method} (ECE {one.scores['ece'].value:.3f})": (
                one.curve.predicted,
                one.curve.observed,
                one.curve.count,
            )
            for one in self.methods
        }
        return reliability(curves, title=f"{self.table}, {self.model}")

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `.md` and `.png`; returns the paths."""
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or f"{self.table}-calibration")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".png")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        save(self.figure(), paths[2], dpi=150)
        return paths


def evaluate_calibration(
    answers: Answers,
    valid: Answers | None = None,
    *,
    model_fit: str = "",
    folds: int = 5,
    resamples: int = 1000,
    seed: int = 0,
) -> CalibrationResult:
    """Judge the probabilities as given and after every fit of `METHODS`.

    Fits come from `valid` (conditions matched by name, patients that stand in both are an error)
    or, without it, from the other patients of the table (folds). `model_fit` says what the model's
    own calibration was fitted on; if it names this table, a warning says that its figures flatter.
    """
    turned: dict[str, Floats] = {AS_GIVEN: answers.probabilities}
    for method in METHODS:
        turned[method] = _turned(method, answers, valid, folds, seed)
    source = (
        f"on the other patients ({folds} folds)"
        if valid is None
        else f"on {valid.table} ({len(valid)} records)"
    )
    names = [part.split(" (")[0].strip() for part in model_fit.split(",")]
    warned = (
        f"Careful: the model's own calibration was fitted on {answers.table} itself; the line "
        f"'{AS_GIVEN}' flatters it."
    )
    return CalibrationResult(
        answers.table,
        answers.model,
        len(answers),
        len(set(answers.patients)),
        source,
        model_fit or "not told",
        _judged(turned, answers, resamples, seed),
        resamples,
        seed,
        (warned,) if answers.table in names else (),
    )


def _turned(method: Any, answers: Answers, valid: Answers | None, folds: int, seed: int) -> Floats:
    if valid is not None:
        fitted = _aligned(answers, valid)
        return fit_recalibration(method, *fitted)(answers.probabilities)
    if len(set(answers.patients)) < 2 * folds:
        raise CardiolexError(
            f"{answers.table}: {len(set(answers.patients))} patients are too few for {folds} "
            "folds; give a validation table (--valid)"
        )
    fold = folds_by_patient(answers.patients, folds, np.random.default_rng(seed))
    out = np.empty_like(answers.probabilities)
    for number in range(folds):
        inside = fold == number
        better = fit_recalibration(method, answers.labels[~inside], answers.probabilities[~inside])
        out[inside] = better(answers.probabilities[inside])
    return out


def _aligned(answers: Answers, valid: Answers) -> tuple[NDArray[np.float32], Floats]:
    """Labels and answers of `valid`, its columns in the order of `answers`."""
    missing = [name for name in answers.conditions if name not in valid.conditions]
    if missing:
        raise CardiolexError(f"{valid.table}: has no column for {', '.join(missing[:4])}")
    known = answers.patients_from != "every record taken as a patient"
    if known and (shared := set(answers.patients) & set(valid.patients)):
        raise CardiolexError(
            f"{len(shared)} patients stand in {valid.table} and in {answers.table}, among them "
            f"{min(shared)}: calibration would be judged on whom it was fitted on"
        )
    order = [valid.conditions.index(name) for name in answers.conditions]
    return valid.labels[:, order], valid.probabilities[:, order]


def _judged(
    turned: Mapping[str, Floats], answers: Answers, resamples: int, seed: int
) -> tuple[Calibrated, ...]:
    chunks = [np.ones((len(answers), 1), np.float32)]
    chunks += list(patient_weights(answers.patients, len(answers), resamples=resamples, seed=seed))
    weights = np.concatenate(chunks, axis=1)
    found = []
    for method, p in turned.items():
        drawn = weighted_scores(answers.labels, p, weights)
        scores = {name: estimate(float(v[0]), v[1:], LEVEL) for name, v in drawn.items()}
        curve = reliability_curve(answers.labels.ravel(), p.ravel())
        classes = {
            condition: _class(answers.labels[:, c], p[:, c])
            for c, condition in enumerate(answers.conditions)
            if (answers.labels[:, c] == 1).any()
        }
        found.append(Calibrated(method, scores, curve, classes))
    return tuple(found)


def _class(labels: NDArray[np.floating], p: Floats) -> dict[str, float]:
    known = ~np.isnan(labels)
    brier = float(np.mean((p[known] - labels[known]) ** 2))
    ece = reliability_curve(labels, p, equal_mass=True).ece
    return {"ece": ece, "brier": brier, **brier_parts(labels, p)}


def _plain(one: Calibrated) -> dict[str, Any]:
    def listed(values: Floats) -> list[float | None]:
        return [float(x) if np.isfinite(x) else None for x in values]

    return {
        "method": one.method,
        **{name: score.to_dict() for name, score in one.scores.items()},
        "bins": {
            "predicted": listed(one.curve.predicted),
            "observed": listed(one.curve.observed),
            "count": listed(one.curve.count),
        },
        "classes": one.classes,
    }
