"""How much the wording of a question matters: the same model asked in several styles.

K-MERL Tab. 6 and SuPreME Tab. 1 report the same for theirs: ten points and more. Differences are
paired with plain names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardiolex.evaluation.answers import LEVEL, Answers, NothingToMeasure
from cardiolex.evaluation.bootstrap import Estimate, Resampled, bootstrap
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.paired import signed
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text

Texts = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, eq=False)
class PromptResult:
    """AUROC by style and condition; `texts` is what was asked: style -> condition -> wordings."""

    table: str
    model: str
    conditions: tuple[str, ...]
    auroc: Mapping[str, Resampled]
    texts: Texts
    n_records: int
    n_patients: int
    resamples: int
    seed: int

    @property
    def first(self) -> str:
        """The style that the others are compared with."""
        return next(iter(self.auroc))

    def macro(self, style: str) -> Estimate:
        """Macro AUROC of a style."""
        return self.auroc[style].macro(LEVEL)

    def change(self, style: str) -> Estimate:
        """Macro AUROC of a style minus that of the first, paired."""
        return self.auroc[style].minus(self.auroc[self.first]).macro(LEVEL)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "table": self.table,
            "model": self.model,
            "n_records": self.n_records,
            "n_patients": self.n_patients,
            "styles": {
                style: {
                    "macro_auroc": self.macro(style).to_dict(),
                    "minus_first": self.change(style).to_dict(),
                    "classes": [
                        {
                            "condition": condition,
                            "auroc": auroc.of_class(c, LEVEL).to_dict(),
                            "asked": list(self.texts[style][condition]),
                        }
                        for c, condition in enumerate(self.conditions)
                    ],
                }
                for style, auroc in self.auroc.items()
            },
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows: macro means, paired changes, then every class."""
        styles = list(self.auroc)
        rows: list[tuple[str, ...]] = [
            ("**macro mean**", *(str(self.macro(style)) for style in styles)),
            (f"minus {self.first}", "", *(signed(self.change(style)) for style in styles[1:])),
        ]
        rows += [
            (condition, *(f"{self.auroc[style].value[c]:.3f}" for style in styles))
            for c, condition in enumerate(self.conditions)
        ]
        return ("condition", *styles), rows

    def to_markdown(self) -> str:
        """The table under a line with the numbers of records and patients."""
        title = f"**{self.table}: {self.n_records} records of {self.n_patients} patients, AUROC**"
        return "\n".join([title, "", *markdown_table(*self.rows())]) + "\n"

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json` and `.md`; returns the paths."""
        base = Path(folder) / (stem or f"{self.table}-prompts")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        return paths


def compare_prompts(
    answers: Mapping[str, Answers], texts: Texts, *, resamples: int = 1000, seed: int = 0
) -> PromptResult:
    """`answers` by style to the same table; the others are compared with the first style."""
    one = next(iter(answers.values()))
    kept, _, _ = countable(one.labels, MIN_POSITIVES)
    if not kept.any():
        raise NothingToMeasure(f"{one.table}: no condition has {MIN_POSITIVES} of both kinds")
    found = {}
    for style, given in answers.items():
        chosen = given.only(kept)
        found[style] = bootstrap(
            chosen.labels, chosen.probabilities, chosen.patients, resamples=resamples, seed=seed
        )[0]
    return PromptResult(
        one.table,
        one.model,
        one.only(kept).conditions,
        found,
        texts,
        len(one),
        len(set(one.patients)),
        resamples,
        seed,
    )
