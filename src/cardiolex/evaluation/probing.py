"""How a linear probe is measured: which records it learns from, which it is judged on.

Strict: patients are never divided, the penalty is chosen on records apart from the test records,
and a table without a split of its own is cross-validated. 1 % and 10 % are shares of the training
patients, drawn several times. Shapes: N records, D features, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate, Resampled, bootstrap
from cardiolex.evaluation.folds import folds_by_patient
from cardiolex.evaluation.linear_probe import PENALTIES, choose_penalty, fit_probe
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.results import ClassResult, LeftOut, markdown_table, versions

LEVEL = 0.95
Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Features:
    """Embeddings (N, D) of labelled records, with labels (N, K) and whose each record is."""

    values: Array
    labels: Array
    patients: Sequence[str]

    def take(self, rows: NDArray[np.intp]) -> Features:
        """These rows."""
        return Features(self.values[rows], self.labels[rows], [self.patients[i] for i in rows])

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Probing:
    """What is said of a measurement, and how often it is drawn."""

    table: str = ""
    model: str = ""
    share: float = 1.0
    """Share of the training patients, above 0 up to 1."""
    draws: int = 1
    """How often the share (and the folds) are drawn; figures are means over draws."""
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 < self.share <= 1 or self.draws < 1:
            raise CardiolexError(
                f"share of labels {self.share:g}, draws {self.draws}: give a share above 0, up "
                "to 1, and at least one draw"
            )


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """One table probed with one share of the training labels, mean over draws of the share."""

    table: str
    model: str
    share: float
    protocol: str
    draws: int
    n_train: float
    n_test: int
    penalties: tuple[float, ...]
    classes: tuple[ClassResult, ...]
    macro_auroc: Estimate
    left_out: tuple[LeftOut, ...]
    auroc: Resampled

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "model", "share", "protocol", "draws", "n_train", "n_test")
        return {
            **{name: getattr(self, name) for name in plain},
            "penalties": list(self.penalties),
            "macro_auroc": self.macro_auroc.to_dict(),
            "classes": [
                {"condition": c.condition, "n_pos": c.n_pos, "n_neg": c.n_neg}
                | {"auroc": c.auroc.to_dict()}
                for c in self.classes
            ],
            "left_out": [one.condition for one in self.left_out],
            "versions": versions(),
        }


def cross_validated(
    features: Features,
    conditions: Sequence[str],
    probing: Probing,
    folds: int = 5,
) -> ProbeResult:
    """Every record is answered by a probe that saw none of its patient, but a share of the others.

    The penalty is chosen inside each training part. Figures are over all records together;
    intervals by patient. CardiolexError if there are too few patients for `folds`.
    """
    check_folds(features.patients, folds)
    logits, sizes, chosen = [], [], []
    for draw in range(probing.draws):
        rng = np.random.default_rng([probing.seed, draw])
        fold = folds_by_patient(features.patients, folds, rng)
        out = np.empty(features.labels.shape)
        for number in range(folds):
            train = features.take(
                sample_patients(features.patients, fold != number, probing.share, rng)
            )
            penalty = _inner_penalty(train, rng)
            probe = fit_probe(train.values, train.labels, penalty)
            # without the bias, which follows how frequent a class is in this training part and
            # would rank the folds against their own frequencies
            out[fold == number] = probe.logits(features.values[fold == number]) - probe.bias
            sizes.append(len(train))
            chosen.append(penalty)
        logits.append(out)
    learned = _Learned(logits, sizes, chosen, f"{folds} folds by patient")
    return _result(features, conditions, learned, probing)


def on_split(
    train: Features,
    valid: Features,
    test: Features,
    conditions: Sequence[str],
    probing: Probing,
) -> ProbeResult:
    """A given split: learn from a share of `train`, choose on `valid`, judge on `test`."""
    logits, sizes, chosen = [], [], []
    everyone = np.ones(len(train), bool)
    for draw in range(1 if probing.share == 1 else probing.draws):
        rng = np.random.default_rng([probing.seed, draw])
        part = train.take(sample_patients(train.patients, everyone, probing.share, rng))
        penalty = choose_penalty((part.values, part.labels), (valid.values, valid.labels))
        logits.append(fit_probe(part.values, part.labels, penalty).logits(test.values))
        sizes.append(len(part))
        chosen.append(penalty)
    return _result(test, conditions, _Learned(logits, sizes, chosen, "given split"), probing)


def judged(
    test: Features,
    conditions: Sequence[str],
    logits: Sequence[Array],
    sizes: Sequence[int],
    penalties: Sequence[float],
    protocol: str,
    probing: Probing,
) -> ProbeResult:
    """The result of `logits` (draws of (N, K)) that a probe gave to `test`, however it learned."""
    return _result(test, conditions, _Learned(logits, sizes, penalties, protocol), probing)


def probe_table(results: Sequence[ProbeResult]) -> str:
    """Markdown: one line per model and table, one column per share."""
    shares = sorted({one.share for one in results})
    keys = list(dict.fromkeys((one.model, one.table) for one in results))
    found = {(one.model, one.table, one.share): str(one.macro_auroc) for one in results}
    header = ("model", "table", *(f"{share:.0%} of labels" for share in shares))
    rows = [(*key, *(found.get((*key, share), "") for share in shares)) for key in keys]
    return "\n".join(markdown_table(header, rows)) + "\n"


@dataclass(frozen=True, eq=False)
class _Learned:
    """Logits (N, K) of each draw, how many records each probe learned from, its penalty."""

    logits: Sequence[Array]
    sizes: Sequence[int]
    penalties: Sequence[float]
    protocol: str


def _result(
    test: Features, conditions: Sequence[str], learned: _Learned, probing: Probing
) -> ProbeResult:
    kept, n_pos, n_neg = countable(test.labels, MIN_POSITIVES)
    if not kept.any():
        raise CardiolexError(
            f"{probing.table}: no class has {MIN_POSITIVES} positives and negatives"
        )
    found = [
        bootstrap(
            test.labels[:, kept],
            z[:, kept],
            test.patients,
            resamples=probing.resamples,
            seed=probing.seed,
        )
        for z in learned.logits
    ]
    auroc, auprc = (
        Resampled(
            np.mean([one[i].value for one in found], axis=0),
            np.mean([one[i].samples for one in found], axis=0),
        )
        for i in (0, 1)
    )
    named = list(zip(conditions, n_pos.tolist(), n_neg.tolist(), kept, strict=True))
    measured = [(name, p, n) for name, p, n, is_kept in named if is_kept]
    return ProbeResult(
        table=probing.table,
        model=probing.model,
        share=probing.share,
        protocol=learned.protocol,
        draws=len(learned.logits),
        n_train=float(np.mean(learned.sizes)),
        n_test=len(test),
        penalties=tuple(learned.penalties),
        classes=tuple(
            ClassResult(name, p, n, auroc.of_class(c, LEVEL), auprc.of_class(c, LEVEL))
            for c, (name, p, n) in enumerate(measured)
        ),
        macro_auroc=auroc.macro(LEVEL),
        left_out=tuple(
            LeftOut(name, p, n, f"fewer than {MIN_POSITIVES} positives or negatives")
            for name, p, n, is_kept in named
            if not is_kept
        ),
        auroc=auroc,
    )


def _inner_penalty(train: Features, rng: np.random.Generator) -> float:
    """Chosen on a quarter of the training patients; the middle one where they are too few."""
    if len(set(train.patients)) < 8:
        return PENALTIES[len(PENALTIES) // 2]
    fold = folds_by_patient(train.patients, 4, rng)
    fit, judge = train.take(np.flatnonzero(fold != 0)), train.take(np.flatnonzero(fold == 0))
    return choose_penalty((fit.values, fit.labels), (judge.values, judge.labels))


def check_folds(patients: Sequence[str], folds: int) -> None:
    """CardiolexError if there are too few patients for `folds`."""
    people = len(set(patients))
    if folds < 2 or people < 2 * folds:
        raise CardiolexError(
            f"{people} patients cannot be divided into {folds} folds; give more records or "
            "fewer folds (at least 2)"
        )


def sample_patients(
    patients: Sequence[str], allowed: NDArray[np.bool_], share: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Rows of `share` of the patients that have allowed rows, at least two patients."""
    rows = np.flatnonzero(allowed)
    if share == 1:
        return rows
    names, owner = np.unique(np.asarray(patients, str)[rows], return_inverse=True)
    count = min(len(names), max(2, round(share * len(names))))
    return rows[np.isin(owner, rng.permutation(len(names))[:count])]
