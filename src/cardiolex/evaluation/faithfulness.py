"""How faithful explanations are: deletion tests of many recordings, with intervals.

Explained are conditions that a recording has. Per method and share of pieces taken away: the mean
fall of the logit without the marked pieces, without random ones, their difference with a bootstrap
interval over patients, and how often the marked beat the mean of the random draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate, estimate, patient_weights
from cardiolex.evaluation.truth import TruthTable
from cardiolex.explanation import Explanation
from cardiolex.recordings.recording import Recording

Explain = Callable[[Recording, str, str], Explanation]
"""Recording, condition and method to an explanation."""


@dataclass(frozen=True)
class Faithfulness:
    """Figures of one method at one share; falls are of a logit, `n` counts explanations."""

    method: str
    share: float
    n: int
    marked: float
    random: float
    difference: Estimate
    wins: float

    def row(self) -> str:
        """A row of a Markdown table; see `HEAD`."""
        return (
            f"| {self.method} | {100 * self.share:.0f} % | {self.n} | {self.marked:.2f} | "
            f"{self.random:.2f} | {self.difference} | {100 * self.wins:.0f} % |"
        )


HEAD = (
    "| method | taken away | n | fall, marked | fall, random | difference (95 %) | marked fall "
    "farther |\n| --- | --- | --- | --- | --- | --- | --- |"
)


def chosen_pairs(table: TruthTable, most: int, seed: int) -> list[tuple[int, str]]:
    """At most `most` pairs of a record (its row) and a condition that it has.

    Drawn at random, a record once: its condition at random among those that it has.
    """
    rng = np.random.default_rng(seed)
    pairs = []
    for row in rng.permutation(len(table.labels)):
        has = np.flatnonzero(table.labels[row] == 1)
        if len(has):
            pairs.append((int(row), table.conditions[int(rng.choice(has))]))
    if not pairs:
        raise CardiolexError(f"{table.name}: no record has any of its conditions")
    return pairs[:most]


def faithfulness(
    explain: Explain,
    recordings: Sequence[Recording],
    conditions: Sequence[str],
    patients: Sequence[str],
    methods: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Faithfulness]:
    """Explain each recording's condition by each method; a figure per method and share.

    A recording in which nothing can be explained is an error of its own: CardiolexError.
    """
    tests = []
    for done, (recording, condition) in enumerate(zip(recordings, conditions, strict=True), 1):
        tests.append([explain(recording, condition, method).deletion for method in methods])
        if progress is not None:
            progress(done, len(recordings))
    found = []
    for column, method in enumerate(methods):
        marked = np.stack([row[column].marked for row in tests])  # (N, S)
        random = np.stack([row[column].random_mean for row in tests])
        for at, share in enumerate(tests[0][column].shares):
            found.append(
                Faithfulness(
                    method=method,
                    share=share,
                    n=len(tests),
                    marked=float(marked[:, at].mean()),
                    random=float(random[:, at].mean()),
                    difference=_mean(marked[:, at] - random[:, at], patients, resamples, seed),
                    wins=float((marked[:, at] > random[:, at]).mean()),
                )
            )
    return found


def _mean(
    values: NDArray[np.float64], patients: Sequence[str], resamples: int, seed: int
) -> Estimate:
    """The mean with a 95 % bootstrap interval over patients."""
    chunks = [
        values @ weights / weights.sum(axis=0)
        for weights in patient_weights(patients, len(values), resamples=resamples, seed=seed)
    ]
    return estimate(float(values.mean()), np.concatenate(chunks).astype(np.float64), 0.95)
