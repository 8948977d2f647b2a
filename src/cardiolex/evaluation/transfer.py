"""From one data set to another: a probe learns on the source and is judged on the target.

MERL (section 4.4) maps the classes of the target to those of the source. Here two classes are the
same where the vocabulary gives both wordings one name; with `kinds`, a class of the source also
stands for the target's classes that are a kind of it ("conduction disturbance" for "left bundle
branch block"). Such a target record is positive if any of them is, negative only if all are absent.
Beside every figure stands the zero-shot one on the same classes and records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import LEVEL, Answers
from cardiolex.evaluation.bootstrap import Estimate, bootstrap
from cardiolex.evaluation.folds import folds_by_patient
from cardiolex.evaluation.linear_probe import choose_penalty, fit_probe
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.probing import Features
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text
from cardiolex.reports.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class DataSet:
    """A table with its features (N, D) and, for the comparison, its zero-shot answers."""

    answers: Answers
    features: NDArray[np.floating]


@dataclass(frozen=True)
class Transfer:
    """One direction: macro AUROC over `classes` (those of the source) on the target's records."""

    source: str
    target: str
    classes: tuple[str, ...]
    n_train: int
    n_test: int
    probe: Estimate | None = None
    zero_shot: Estimate | None = None
    failed: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "source": self.source,
            "target": self.target,
            "classes": list(self.classes),
            "n_train": self.n_train,
            "n_test": self.n_test,
            "probe_macro_auroc": None if self.probe is None else self.probe.to_dict(),
            "zero_shot_macro_auroc": None if self.zero_shot is None else self.zero_shot.to_dict(),
            "failed": self.failed,
        }


@dataclass(frozen=True, eq=False)
class TransferResult:
    """All directions between the tables, in the order they were given."""

    model: str
    transfers: tuple[Transfer, ...]
    kinds: bool
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "model": self.model,
            "kinds": self.kinds,
            "transfers": [one.to_dict() for one in self.transfers],
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows."""
        header = ("source", "target", "classes", "records", "probe of the source", "zero-shot")
        return header, [
            (
                one.source,
                one.target,
                str(len(one.classes)),
                f"{one.n_train} to {one.n_test}",
                str(one.probe) if one.probe else one.failed or "",
                str(one.zero_shot) if one.zero_shot else "",
            )
            for one in self.transfers
        ]

    def to_markdown(self) -> str:
        """A row per direction, then the shared classes."""
        lines = ["**Transfer between data sets, macro AUROC (95 %)**", ""]
        lines += [*markdown_table(*self.rows()), ""]
        for one in self.transfers:
            if one.classes:
                lines.append(f"- {one.source} to {one.target}: {', '.join(one.classes)}.")
        return "\n".join(lines) + "\n"

    def write(self, folder: str | Path, stem: str = "transfer") -> list[Path]:
        """Write `STEM.json` and `.md`; returns the paths."""
        base = Path(folder) / stem
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        return paths


def evaluate_transfer(
    sets: Sequence[DataSet],
    vocabulary: Vocabulary,
    *,
    kinds: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> TransferResult:
    """Every ordered pair of different tables."""
    if len(sets) < 2:
        raise CardiolexError("transfer needs at least two tables")
    transfers = tuple(
        _one(source, target, vocabulary, kinds, resamples, seed)
        for source in sets
        for target in sets
        if source is not target
    )
    return TransferResult(sets[0].answers.model, transfers, kinds, resamples, seed)


def shared_classes(
    source: Sequence[str], target: Sequence[str], vocabulary: Vocabulary, kinds: bool = False
) -> dict[str, tuple[str, ...]]:
    """Class of the source -> classes of the target that are the same, or a kind of it.

    A wording that the vocabulary does not know is matched by its own words.
    """
    named = {c: vocabulary.resolve(c) or c.casefold() for c in (*source, *target)}
    above = {
        name: vocabulary.ancestors(name) if kinds and name in vocabulary else frozenset[str]()
        for name in named.values()
    }
    found = {
        one: tuple(c for c in target if named[one] in {named[c], *above[named[c]]})
        for one in source
    }
    return {one: members for one, members in found.items() if members}


def joined_labels(answers: Answers, groups: Mapping[str, Sequence[str]]) -> NDArray[np.float32]:
    """(N, K): 1 where any class of the group is present, 0 where all are absent, else NaN."""
    columns = []
    for members in groups.values():
        part = answers.labels[:, [answers.conditions.index(one) for one in members]]
        label = np.where(np.isnan(part).any(axis=1), np.nan, 0.0)
        columns.append(np.where((part == 1).any(axis=1), 1.0, label))
    return np.stack(columns, axis=1).astype(np.float32)


def _one(
    source: DataSet,
    target: DataSet,
    vocabulary: Vocabulary,
    kinds: bool,
    resamples: int,
    seed: int,
) -> Transfer:
    a, b = source.answers, target.answers
    groups = shared_classes(a.conditions, b.conditions, vocabulary, kinds)
    labels = {one: a.labels[:, a.conditions.index(one)] for one in groups}
    groups = {one: members for one, members in groups.items() if _two_sided(labels[one])}
    if not groups:
        why = "no class of the source is in the target"
        return Transfer(a.table, b.table, (), len(a), len(b), failed=why)
    truth = joined_labels(b, groups)
    kept, _, _ = countable(truth, MIN_POSITIVES)
    names = [one for one, is_in in zip(groups, kept, strict=True) if is_in]
    if not names:
        why = f"no shared class has {MIN_POSITIVES} positives and negatives in the target"
        return Transfer(a.table, b.table, (), len(a), len(b), failed=why)
    train = np.stack([labels[one] for one in names], axis=1)
    logits = _probe(Features(source.features, train, a.patients), seed).logits(target.features)
    asked = np.stack([_asked(b, groups[one]) for one in names], axis=1)
    options = {"resamples": resamples, "seed": seed}
    probe, zero = (
        bootstrap(truth[:, kept], scores, b.patients, **options)[0].macro(LEVEL)
        for scores in (logits, asked)
    )
    return Transfer(a.table, b.table, tuple(names), len(a), len(b), probe, zero)


def _asked(answers: Answers, members: Sequence[str]) -> NDArray[np.float64]:
    """The largest zero-shot probability of the target's classes that the group holds."""
    columns = [answers.conditions.index(one) for one in members]
    return np.asarray(answers.probabilities[:, columns].max(axis=1))


def _probe(train: Features, seed: int) -> Any:
    """Fitted on all of the source; the penalty is chosen on a fifth of its patients."""
    rng = np.random.default_rng(seed)
    penalty = 1e-2
    if len(set(train.patients)) >= 10:
        fold = folds_by_patient(train.patients, 5, rng)
        fit, judge = (train.take(np.flatnonzero(part)) for part in (fold != 0, fold == 0))
        penalty = choose_penalty((fit.values, fit.labels), (judge.values, judge.labels))
    return fit_probe(train.values, train.labels, penalty)


def _two_sided(labels: NDArray[np.floating]) -> bool:
    return bool((labels == 1).any() and (labels == 0).any())
