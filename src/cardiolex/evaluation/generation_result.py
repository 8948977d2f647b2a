"""What an evaluation of written reports found, as JSON, as a table and as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.entity_scores import MIN_REFERENCES
from cardiolex.evaluation.results import markdown_table, write_json
from cardiolex.files import write_text

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12  # findings in the printed table


@dataclass(frozen=True)
class EntityRow:
    """One finding: references and texts that state it, precision, recall, F1 (NaN: undefined)."""

    name: str
    n_references: int
    n_written: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class TextsResult:
    """The figures of one set of texts; `first_minus_this` are paired differences.

    `words` is their mean length, `n_different` how many differ: few of many is a writer that does
    not look at the recording.
    """

    name: str
    figures: Mapping[str, Estimate]
    first_minus_this: Mapping[str, Estimate]
    n_different: int
    n_empty: int
    words: float
    entities: tuple[EntityRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("name", "n_different", "n_empty", "words")
        return {
            **{name: getattr(self, name) for name in plain},
            "figures": {k: e.to_dict() for k, e in self.figures.items()},
            "first_minus_this": {k: e.to_dict() for k, e in self.first_minus_this.items()},
            "entities": [{k: _plain(v) for k, v in vars(one).items()} for one in self.entities],
        }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


@dataclass(frozen=True)
class ReportGenerationResult:
    """Everything a reader needs to judge, and to repeat, one evaluation of written reports."""

    table: str
    n_records: int
    n_patients: int
    patients_from: str
    n_different: int
    words: float
    texts: tuple[TextsResult, ...]
    notes: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    blank: tuple[str, ...]
    extractor: str
    resamples: int
    level: float
    seed: int
    versions: dict[str, str]

    def of(self, name: str) -> TextsResult:
        """The figures of one set of texts, such as "most frequent report"."""
        return next(one for one in self.texts if one.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "n_records", "n_patients", "patients_from", "n_different", "words")
        run = ("extractor", "resamples", "level", "seed", "versions")
        return {
            **{name: getattr(self, name) for name in plain},
            "texts": [one.to_dict() for one in self.texts],
            "notes": list(self.notes),
            "unreadable": [{"record": r, "reason": why} for r, why in self.unreadable],
            "without_report": list(self.blank),
            "min_references": MIN_REFERENCES,
            **{name: getattr(self, name) for name in run},
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per finding and set of texts."""
        import pandas as pd

        return pd.DataFrame(
            [{"texts": one.name, **vars(row)} for one in self.texts for row in one.entities]
        )

    def to_markdown(self) -> str:
        """A column per set of texts, then differences, then the most frequent findings."""
        title = (
            f"{self.table}: {self.n_records} records of {self.n_patients} patients, "
            f"{self.n_different} different reports of {self.words:.0f} words on average"
        )
        names = [one.name for one in self.texts]
        lines = [f"**{title}**", "", *markdown_table(("", *names), self._rows()), ""]
        if len(names) > 1:
            lines += [f"{names[0][0].upper()}{names[0][1:]} minus the others, paired:", ""]
            lines += [*markdown_table(("", *names[1:]), self._differences()), ""]
        lines += [f"The most frequent findings, {names[0]}:", ""]
        header = ("finding", "in reports", "written", "precision", "recall", "F1")
        lines += markdown_table(header, [_cells(row) for row in self.texts[0].entities[:SHOWN]])
        return "\n".join([*lines, "", *self._notes()]).rstrip() + "\n"

    def _rows(self) -> list[tuple[str, ...]]:
        rows = [("different texts", *(str(one.n_different) for one in self.texts))]
        rows += [("words", *(f"{one.words:.1f}" for one in self.texts))]
        if any(one.n_empty for one in self.texts):
            rows += [("empty", *(str(one.n_empty) for one in self.texts))]
        keys = list(self.texts[0].figures)
        return rows + [(key, *(str(one.figures[key]) for one in self.texts)) for key in keys]

    def _differences(self) -> list[tuple[str, ...]]:
        keys = [key for key in self.texts[0].figures if not key.startswith(("prec", "rec"))]
        others = self.texts[1:]
        return [(key, *(_signed(one.first_minus_this[key]) for one in others)) for key in keys]

    def _notes(self) -> list[str]:
        lines = [
            f"Intervals over patients ({self.patients_from}). Macro: the mean over findings that "
            f"at least {MIN_REFERENCES} reports state.",
            *self.notes,
        ]
        if self.blank:
            lines.append(f"Without a report, left out: {', '.join(self.blank)}.")
        if self.unreadable:
            lines.append("Not done: " + "; ".join(f"{r} ({why})" for r, why in self.unreadable))
        return lines

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `STEM.md` and `STEM.csv` (findings); returns the paths."""
        base = Path(folder) / (stem or f"{self.table}-report-generation")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".csv")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        write_text(paths[2], self.to_frame().to_csv(index=False))
        return paths


def _signed(one: Estimate) -> str:
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def _cells(row: EntityRow) -> tuple[str, ...]:
    numbers = ("" if np.isnan(x) else f"{x:.3f}" for x in (row.precision, row.recall, row.f1))
    return (row.name, str(row.n_references), str(row.n_written), *numbers)
