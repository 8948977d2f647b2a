"""The same model in groups of patients: by age, sex, device, or any column of a table.

Macro means of two groups can only be compared over the same classes: those with enough positives
and negatives in every group of the attribute. Groups too small for that are listed and left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.answers import LEVEL, Answers
from cardiolex.evaluation.bootstrap import (
    Estimate,
    Resampled,
    estimate,
    mean_known,
    patient_weights,
)
from cardiolex.evaluation.group_names import age_band, group_told
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable, ranking_metrics
from cardiolex.evaluation.paired import signed
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALLEST = 20
"""Recordings that a group needs to be measured."""


@dataclass(frozen=True)
class Group:
    """One group: macro AUROC over the shared classes, minus that of everybody else."""

    attribute: str
    name: str
    n_records: int
    n_patients: int
    auroc: Estimate | None = None
    minus_others: Estimate | None = None
    per_class: Mapping[str, float] | None = None
    left_out: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = {name: getattr(self, name) for name in ("attribute", "name", "n_records")}
        return plain | {
            "n_patients": self.n_patients,
            "macro_auroc": None if self.auroc is None else self.auroc.to_dict(),
            "minus_others": None if self.minus_others is None else self.minus_others.to_dict(),
            "classes": dict(self.per_class or {}),
            "left_out": self.left_out,
        }


@dataclass(frozen=True, eq=False)
class SubgroupResult:
    """All groups of all attributes; `shared` are the classes that an attribute is judged on."""

    table: str
    model: str
    groups: tuple[Group, ...]
    shared: Mapping[str, tuple[str, ...]]
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "table": self.table,
            "model": self.model,
            "groups": [group.to_dict() for group in self.groups],
            "shared_classes": {name: list(classes) for name, classes in self.shared.items()},
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows of the table."""
        header = ("by", "group", "records", "classes", "macro AUROC (95 %)", "minus others (95 %)")
        return header, [
            (
                group.attribute,
                group.name,
                str(group.n_records),
                str(len(self.shared.get(group.attribute, ()))) if group.auroc else "",
                str(group.auroc) if group.auroc else group.left_out or "",
                signed(group.minus_others) if group.minus_others else "",
            )
            for group in self.groups
        ]

    def to_markdown(self) -> str:
        """A row per group."""
        return "\n".join([f"**{self.table}**", "", *markdown_table(*self.rows())]) + "\n"

    def figure(self) -> Figure:
        """A row of dots per group."""
        from cardiolex.plots.curves import Dot
        from cardiolex.plots.protocols import group_dots

        dots: dict[str, list[Dot]] = {}
        for one in self.groups:
            if one.auroc is not None:
                label = f"{one.name}  ({one.n_records})"
                dot = Dot(label, one.auroc.value, one.auroc.low, one.auroc.high)
                dots.setdefault(one.attribute, []).append(dot)
        return group_dots(dots, title=f"{self.table}, {self.model}")

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `.md` and, if a group could be measured, `.png`; returns the paths."""
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or f"{self.table}-subgroups")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        if any(group.auroc for group in self.groups):
            paths.append(save(self.figure(), base.with_name(base.name + ".png"), dpi=150))
        return paths


def evaluate_subgroups(
    answers: Answers,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> SubgroupResult:
    """Sex and age as the recordings tell them, and `columns` (attribute -> record -> group).

    A column "sex" or "age" (in years) goes before what the recordings tell. Recordings of which
    nothing is known are counted as a group "unknown", which is not measured.

    Intervals draw patients of the whole table, so that a difference of groups is measured on the
    same draws.
    """
    attributes = {
        "sex": [recording.sex or "" for recording in answers.recordings],
        "age": [age_band(recording) for recording in answers.recordings],
        **{
            name: [group_told(name, groups.get(record, "")) for record in answers.records]
            for name, groups in (columns or {}).items()
        },
    }
    weights = np.concatenate(
        [
            np.ones((len(answers), 1), np.float32),
            *patient_weights(answers.patients, len(answers), resamples=resamples, seed=seed),
        ],
        axis=1,
    )
    found: list[Group] = []
    shared: dict[str, tuple[str, ...]] = {}
    for attribute, of_record in attributes.items():
        groups, classes = _attribute(attribute, np.array(of_record, str), answers, weights)
        found += groups
        shared[attribute] = classes
    return SubgroupResult(answers.table, answers.model, tuple(found), shared, resamples, seed)


def _attribute(
    attribute: str, of_record: NDArray[np.str_], answers: Answers, weights: NDArray[np.float32]
) -> tuple[list[Group], tuple[str, ...]]:
    nobody = of_record == ""
    unknown = [_small(attribute, "unknown", nobody, answers, "not told")] if nobody.any() else []
    names = sorted(set(of_record.tolist()) - {""}, key=_in_order)
    inside = {name: of_record == name for name in names}
    big = [name for name in names if inside[name].sum() >= SMALLEST]
    if len(big) < 2:
        why = f"fewer than two groups have {SMALLEST} recordings"
        return [_small(attribute, n, inside[n], answers, why) for n in names] + unknown, ()
    kept = np.all([countable(answers.labels[inside[n]], MIN_POSITIVES)[0] for n in big], axis=0)
    if not kept.any():
        why = f"no class has {MIN_POSITIVES} positives and negatives in every group"
        return [_small(attribute, n, inside[n], answers, why) for n in names] + unknown, ()
    chosen = answers.only(kept)
    measured = {name: _auroc(chosen, inside[name], weights) for name in big}
    everybody = np.any([inside[name] for name in big], axis=0)
    groups = []
    for name in names:
        if name not in measured:
            why = f"fewer than {SMALLEST} recordings"
            groups.append(_small(attribute, name, inside[name], answers, why))
            continue
        one, others = measured[name], _auroc(chosen, everybody & ~inside[name], weights)
        gap = _macro(one) - _macro(others)
        groups.append(
            Group(
                attribute,
                name,
                *_counts(inside[name], answers),
                one.macro(LEVEL),
                estimate(float(gap[0]), gap[1:], LEVEL),
                dict(zip(chosen.conditions, map(float, one.value), strict=True)),
            )
        )
    return groups + unknown, chosen.conditions


def _macro(one: Resampled) -> NDArray[np.float64]:
    """Macro mean (1 + R,): of the records, then of the draws."""
    return mean_known(np.concatenate([one.value[None], one.samples]))


def _auroc(answers: Answers, inside: NDArray[np.bool_], weights: NDArray[np.float32]) -> Resampled:
    found = np.empty((weights.shape[1], len(answers.conditions)))
    for c in range(len(answers.conditions)):
        rows = inside & ~np.isnan(answers.labels[:, c])
        labels = answers.labels[rows, c].astype(np.float64)
        found[:, c] = ranking_metrics(labels, answers.probabilities[rows, c], weights[rows])[0]
    return Resampled(found[0], found[1:])


def _small(
    attribute: str, name: str, inside: NDArray[np.bool_], answers: Answers, why: str
) -> Group:
    return Group(attribute, name, *_counts(inside, answers), left_out=why)


def _counts(inside: NDArray[np.bool_], answers: Answers) -> tuple[int, int]:
    patients = {answers.patients[n] for n in np.flatnonzero(inside)}
    return int(inside.sum()), len(patients)


def _in_order(name: str) -> tuple[bool, str]:
    return not name.startswith("under"), name
