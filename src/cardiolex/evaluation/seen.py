"""Which conditions a model has met in pre-training: by our vocabulary, and as the papers decide.

K-MERL and SuPreME call a class seen where its embedding has a cosine of 0.95 or more with that of a
name met in pre-training. Such a cosine cannot tell opposites apart (left and right, first and third
degree). The vocabulary decides by meaning: the wording resolves to a name that had positive
examples. Both are reported, and where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import LEVEL, Answers, NothingToMeasure
from cardiolex.evaluation.bootstrap import Estimate, bootstrap
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text
from cardiolex.reports.vocabulary import Vocabulary

EmbedTexts = Callable[[Sequence[str]], NDArray[np.floating]]
THRESHOLD = 0.95
"""K-MERL: above 0.95; SuPreME: 0.95 and more."""


@dataclass(frozen=True)
class SeenRow:
    """One condition: seen by the vocabulary, and by the cosine to the nearest name."""

    condition: str
    name: str | None
    by_vocabulary: bool
    nearest: str
    cosine: float
    by_similarity: bool
    opposites: tuple[str, str] | None = None
    """Words by which condition and nearest name exclude one another."""
    auroc: Estimate | None = None

    @property
    def differs(self) -> bool:
        """Whether the two ways disagree."""
        return self.by_vocabulary != self.by_similarity

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "condition": self.condition,
            "name": self.name,
            "seen_by_vocabulary": self.by_vocabulary,
            "nearest": self.nearest,
            "cosine": self.cosine,
            "seen_by_similarity": self.by_similarity,
            "opposites": list(self.opposites) if self.opposites else None,
            "auroc": None if self.auroc is None else self.auroc.to_dict(),
        }


def seen_rows(
    conditions: Sequence[str],
    met: Collection[str],
    vocabulary: Vocabulary,
    embed: EmbedTexts,
    *,
    threshold: float = THRESHOLD,
) -> tuple[SeenRow, ...]:
    """Both verdicts for every condition; `met` are the canonical names with positive examples.

    `embed(texts)` gives (N, D); cosines are taken of these.
    """
    if not met:
        raise CardiolexError(
            "the model does not tell what it met in pre-training, so nothing can be called unseen"
        )
    names = sorted(met)
    of_conditions, of_names = (_unit(embed(texts)) for texts in (list(conditions), names))
    cosines = of_conditions @ of_names.T
    rows = []
    for condition, row in zip(conditions, cosines, strict=True):
        name = vocabulary.resolve(condition)
        best = int(row.argmax())
        rows.append(
            SeenRow(
                condition,
                name,
                name in met,
                names[best],
                float(row[best]),
                bool(row[best] >= threshold),
                vocabulary.contrast(condition, names[best]),
            )
        )
    return tuple(rows)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    values = np.asarray(vectors, np.float64)
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class SeenResult:
    """One table under both verdicts; macro AUROC of the seen and the unseen classes of each."""

    table: str
    model: str
    rows: tuple[SeenRow, ...]
    macro: dict[str, Estimate | None]
    """Of the classes "seen by vocabulary", "unseen by vocabulary", and so by similarity."""
    threshold: float
    n_records: int
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "table": self.table,
            "model": self.model,
            "threshold": self.threshold,
            "macro_auroc": {
                name: None if one is None else one.to_dict() for name, one in self.macro.items()
            },
            "conditions": [row.to_dict() for row in self.rows],
            "n_records": self.n_records,
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def table_rows(self, differing: bool = False) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows, all or only those where the verdicts differ."""
        header = (
            "condition",
            "AUROC (95 %)",
            "by vocabulary",
            "by similarity",
            "cosine",
            "nearest",
        )
        return header, [
            (
                row.condition,
                str(row.auroc) if row.auroc else "",
                "seen" if row.by_vocabulary else "unseen",
                "seen" if row.by_similarity else "unseen",
                f"{row.cosine:.3f}",
                row.nearest + (f" ({' / '.join(row.opposites)})" if row.opposites else ""),
            )
            for row in self.rows
            if row.differs or not differing
        ]

    def macro_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows of the four macro means."""
        return ("classes", "macro AUROC (95 %)"), [
            (name, str(one) if one else "no class") for name, one in self.macro.items()
        ]

    def to_markdown(self) -> str:
        """Macro means, where the verdicts differ, then every class."""
        lines = [f"**{self.table}: {self.n_records} records**", ""]
        lines += [*markdown_table(*self.macro_rows()), ""]
        differing = self.table_rows(differing=True)
        lines += [f"The verdicts differ for {len(differing[1])} of {len(self.rows)} classes.", ""]
        if differing[1]:
            lines += [*markdown_table(*differing), ""]
        lines += ["All classes:", "", *markdown_table(*self.table_rows())]
        return "\n".join(lines) + "\n"

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json` and `.md`; returns the paths."""
        base = Path(folder) / (stem or f"{self.table}-seen")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        return paths


def evaluate_seen(
    answers: Answers,
    rows: Sequence[SeenRow],
    *,
    threshold: float = THRESHOLD,
    resamples: int = 1000,
    seed: int = 0,
) -> SeenResult:
    """Macro AUROC of seen and unseen classes under both verdicts (K-MERL Fig. 5, SuPreME Tab. 10).

    Classes with too few positives or negatives keep their verdicts and have no AUROC.
    """
    kept, _, _ = countable(answers.labels, MIN_POSITIVES)
    if not kept.any():
        raise NothingToMeasure(f"{answers.table}: no condition has {MIN_POSITIVES} of both kinds")
    chosen = answers.only(kept)
    auroc = bootstrap(
        chosen.labels, chosen.probabilities, chosen.patients, resamples=resamples, seed=seed
    )[0]
    column = {condition: c for c, condition in enumerate(chosen.conditions)}
    measured = tuple(
        replace(row, auroc=auroc.of_class(column[row.condition], LEVEL))
        if row.condition in column
        else row
        for row in rows
    )
    macro: dict[str, Estimate | None] = {}
    for way in ("vocabulary", "similarity"):
        for verdict in (True, False):
            classes = [
                column[row.condition]
                for row in measured
                if row.auroc and getattr(row, f"by_{way}") is verdict
            ]
            name = f"{'seen' if verdict else 'unseen'} by {way}"
            macro[name] = auroc.macro(LEVEL, classes) if classes else None
    return SeenResult(
        answers.table, answers.model, measured, macro, threshold, len(answers), resamples, seed
    )
