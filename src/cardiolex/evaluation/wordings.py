"""Whether a model understands words: wordings of one finding score alike, opposites do not.

Every recording is scored with each text as it is written; nothing is looked up in a vocabulary.
Agreement of two texts is Spearman's rank correlation of their logits over the recordings: rankings
are what AUROC and decisions rest on. Shapes: N recordings, T texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.results import markdown_table
from cardiolex.files import write_text

Floats = NDArray[np.floating]
Score = Callable[[Sequence[str]], Floats]
"""Texts to logits (N, T) of all recordings."""
FEWEST = 10


@dataclass(frozen=True)
class Agreement:
    """Rank correlation `rho` of a text with the name of `condition`."""

    condition: str
    text: str
    kind: str
    """"synonym", "abbreviation", "phrase" (not in the vocabulary) or "opposite"."""
    rho: float


@dataclass(frozen=True)
class WordingResult:
    """All agreements, of `recordings` recordings."""

    model: str
    recordings: int
    agreements: tuple[Agreement, ...]

    def of_kind(self, kind: str) -> list[float]:
        """The correlations of one kind."""
        return [one.rho for one in self.agreements if one.kind == kind]

    def to_markdown(self) -> str:
        """A line per kind, then the texts that agree least (opposites: most)."""
        kinds = list(dict.fromkeys(one.kind for one in self.agreements))
        rows = [_summary(kind, self.of_kind(kind)) for kind in kinds]
        head = ("texts", "pairs", "median", "lower tenth", "upper tenth", "0.9 or more")
        lines = [
            f"Wordings, {self.model}, {self.recordings} recordings: rank correlation of the logits "
            "of a text with those of the name.",
            "",
            *markdown_table(head, rows),
            "",
            *markdown_table(("condition", "text", "kind", "rho"), self._odd()),
        ]
        return "\n".join(lines) + "\n"

    def write(self, folder: str | Path) -> list[Path]:
        """Write wordings.json and wordings.md."""
        root = Path(folder)
        content = {**asdict(self), "agreements": [asdict(one) for one in self.agreements]}
        write_text(root / "wordings.json", json.dumps(content, indent=1) + "\n")
        write_text(root / "wordings.md", self.to_markdown())
        return [root / "wordings.json", root / "wordings.md"]

    def _odd(self, most: int = 8) -> list[tuple[str, ...]]:
        alike = sorted((a for a in self.agreements if a.kind != "opposite"), key=lambda a: a.rho)
        apart = sorted((a for a in self.agreements if a.kind == "opposite"), key=lambda a: -a.rho)
        return [
            (one.condition, one.text, one.kind, f"{one.rho:.2f}")
            for one in (*alike[:most], *apart[:most])
        ]


def evaluate_wordings(
    score: Score, texts: Mapping[str, Mapping[str, Sequence[str]]], *, model: str = "model"
) -> WordingResult:
    """Agreement of every text with the name of its condition.

    `texts`: condition -> kind -> texts. CardiolexError for fewer than ten recordings.
    """
    every = dict.fromkeys(
        one
        for name, kinds in texts.items()
        for one in (name, *(t for k in kinds.values() for t in k))
    )
    logits = score(list(every))
    if len(logits) < FEWEST:
        raise CardiolexError(
            f"{len(logits)} recordings are too few for rank correlations; give {FEWEST} or more"
        )
    ranks = np.apply_along_axis(rankdata, 0, logits)
    place = {text: column for column, text in enumerate(every)}
    found = [
        Agreement(name, text, kind, correlation(ranks[:, place[name]], ranks[:, place[text]]))
        for name, kinds in texts.items()
        for kind, some in kinds.items()
        for text in some
    ]
    return WordingResult(model, len(logits), tuple(found))


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's correlation of (N,) and (N,); of ranks it is Spearman's. NaN without spread."""
    x, y = a - a.mean(), b - b.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else float("nan")


def _summary(kind: str, values: Sequence[float]) -> tuple[str, ...]:
    low, middle, high = np.nanquantile(values, (0.1, 0.5, 0.9))
    share = np.mean(np.asarray(values) >= 0.9)
    figures = (f"{middle:.2f}", f"{low:.2f}", f"{high:.2f}", f"{100 * share:.0f} %")
    return (kind, str(len(values)), *figures)
