"""F1, accuracy, sensitivity and specificity of decisions, at thresholds fixed beforehand.

Strict: the threshold of a class has the largest F1 on a validation table, or, where there is none,
on the other patients of the table (folds by patient). Published (MERL and those that follow it):
the threshold of largest F1 on the judged records themselves. Those figures carry the name
`..._test_optimal` and are an upper bound, never an operating point.
Shapes: N records, C classes, R resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import LEVEL, Answers
from cardiolex.evaluation.bootstrap import Estimate, Resampled, patient_weights
from cardiolex.evaluation.folds import folds_by_patient
from cardiolex.evaluation.metrics import best_f1

Floats = NDArray[np.float64]
METRICS = ("f1", "accuracy", "sensitivity", "specificity")
FOLDS = 5


@dataclass(frozen=True)
class ClassDecision:
    """One condition at its threshold (mean over folds where there are folds)."""

    condition: str
    threshold: float
    f1: Estimate
    accuracy: Estimate
    sensitivity: Estimate
    specificity: Estimate


@dataclass(frozen=True, eq=False)
class Decisions:
    """All conditions that could be decided; `undecided` had no positive to choose a threshold on.

    `samples` (R, C) by metric are kept for paired comparisons, not written.
    """

    thresholds_from: str
    classes: tuple[ClassDecision, ...]
    macro: dict[str, Estimate]
    undecided: tuple[str, ...] = ()
    samples: dict[str, Resampled] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "thresholds_from": self.thresholds_from,
            "macro": {name: one.to_dict() for name, one in self.macro.items()},
            "classes": [
                {"condition": one.condition, "threshold": one.threshold}
                | {name: getattr(one, name).to_dict() for name in METRICS}
                for one in self.classes
            ],
            "undecided": list(self.undecided),
        }


def decide(
    answers: Answers,
    valid: Answers | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
    folds: int = FOLDS,
) -> Decisions:
    """Decisions with thresholds from `valid`, or from the other patients of the same table.

    Conditions of `valid` are matched by name. Nothing is decided, and it is said, if the table has
    too few patients for folds.
    """
    if valid is not None:
        thresholds = np.tile(_from_validation(answers, valid), (len(answers), 1))
        source = f"largest F1 on {valid.table} ({len(valid)} records)"
    elif len(set(answers.patients)) < 2 * folds:
        people = len(set(answers.patients))
        why = (
            f"none, since {people} patients are too few for {folds} folds; give a validation table"
        )
        return Decisions(why, (), {}, answers.conditions)
    else:
        thresholds = _cross_fitted(answers, folds, seed)
        source = f"largest F1 on the other patients ({folds} folds)"
    decided = np.asarray(np.isfinite(thresholds).all(axis=0))
    named = [name for name, is_in in zip(answers.conditions, decided, strict=True) if is_in]
    kept = answers.only(decided)
    thresholds = thresholds[:, decided]
    measured = measure_decisions(
        kept.labels, kept.probabilities >= thresholds, kept.patients, resamples, seed
    )
    return Decisions(
        source,
        _classes(named, thresholds.mean(axis=0), measured),
        {name: measured[name].macro(LEVEL) for name in METRICS},
        tuple(c for c, is_in in zip(answers.conditions, decided, strict=True) if not is_in),
        measured,
    )


def decide_on_judged(answers: Answers, *, resamples: int = 1000, seed: int = 0) -> Decisions:
    """The published protocol: thresholds chosen on the judged records, F1 at its maximum.

    In every resample the threshold is chosen anew, as the protocol would. Accuracy, sensitivity
    and specificity stand at the threshold of all records.
    """
    labels, scores = answers.labels, answers.probabilities
    best = [best_f1(labels[:, c], scores[:, c]) for c in range(labels.shape[1])]
    thresholds = np.array([at for _, at in best])
    measured = measure_decisions(
        labels, scores >= np.nan_to_num(thresholds, nan=np.inf), answers.patients, resamples, seed
    )
    weights = patient_weights(answers.patients, len(answers), resamples=resamples, seed=seed)
    samples = [_largest_f1(labels, scores, chunk) for chunk in weights]
    f1 = np.array([value for value, _ in best])
    measured["f1"] = Resampled(f1, np.concatenate(samples) if samples else f1[None][:0])
    return Decisions(
        "largest F1 on the judged records themselves (published protocol; an upper bound)",
        _classes(answers.conditions, thresholds, measured),
        {f"{name}_test_optimal": measured[name].macro(LEVEL) for name in METRICS},
        samples=measured,
    )


def measure_decisions(
    labels: NDArray[np.floating],
    called: NDArray[np.bool_],
    patients: Sequence[str],
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Resampled]:
    """`METRICS` of the decisions `called` (N, C) against `labels` (N, C; 1, 0, NaN)."""
    if labels.shape != called.shape:
        raise CardiolexError(f"labels {labels.shape} and decisions {called.shape} must be equal")
    known, true = ~np.isnan(labels), labels == 1
    cells = [called & true, called & ~true & known, ~called & true, ~called & ~true & known]
    chunks = [np.ones((len(labels), 1), np.float32)]
    chunks += list(patient_weights(patients, len(labels), resamples=resamples, seed=seed))
    tp, fp, fn, tn = (
        np.concatenate([chunk.T @ cell.astype(np.float32) for chunk in chunks]).astype(np.float64)
        for cell in cells
    )
    values = {
        "f1": _ratio(2 * tp, np.where(tp + fn > 0, 2 * tp + fp + fn, 0)),
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "sensitivity": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
    }
    return {name: Resampled(one[0], one[1:]) for name, one in values.items()}


def _from_validation(answers: Answers, valid: Answers) -> Floats:
    missing = [name for name in answers.conditions if name not in valid.conditions]
    if missing:
        raise CardiolexError(
            f"{valid.table}: has no column for {', '.join(missing[:4])}; thresholds for "
            f"{answers.table} need the same conditions"
        )
    return np.array([_threshold(valid, valid.conditions.index(c)) for c in answers.conditions])


def _cross_fitted(answers: Answers, folds: int, seed: int) -> Floats:
    """(N, C): each record's thresholds, from the records of other folds."""
    fold = folds_by_patient(answers.patients, folds, np.random.default_rng(seed))
    thresholds = np.empty(answers.labels.shape)
    for number in range(folds):
        other = fold != number
        thresholds[~other] = [_threshold(answers, c, other) for c in range(len(answers.conditions))]
    return thresholds


def _threshold(answers: Answers, column: int, rows: NDArray[np.bool_] | None = None) -> float:
    chosen = slice(None) if rows is None else rows
    return best_f1(answers.labels[chosen, column], answers.probabilities[chosen, column])[1]


def _largest_f1(
    labels: NDArray[np.floating], scores: Floats, weights: NDArray[np.float32]
) -> Floats:
    """Largest F1 over thresholds under each column of `weights` (N, R): (R, C)."""
    found = np.full((weights.shape[1], labels.shape[1]), np.nan)
    for c in range(labels.shape[1]):
        kept = np.flatnonzero(~np.isnan(labels[:, c]))
        order = kept[np.argsort(-scores[kept, c], kind="stable")]
        drawn = weights[order].astype(np.float64)
        last = np.flatnonzero(np.concatenate([np.diff(scores[order, c]) != 0, [True]]))
        true = (drawn * labels[order, c, None]).cumsum(axis=0)
        positives = true[-1]
        f1 = 2 * true[last] / np.maximum(drawn.cumsum(axis=0)[last] + positives, 1e-12)
        found[:, c] = np.where(positives > 0, f1.max(axis=0), np.nan)
    return found


def _classes(
    conditions: Sequence[str], thresholds: Floats, measured: dict[str, Resampled]
) -> tuple[ClassDecision, ...]:
    return tuple(
        ClassDecision(
            condition,
            float(thresholds[c]),
            *(measured[name].of_class(c, LEVEL) for name in METRICS),
        )
        for c, condition in enumerate(conditions)
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    out = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
