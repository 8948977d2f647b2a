"""What a retrieval evaluation found, as JSON, as a table and as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.results import markdown_table, write_json
from cardiolex.files import write_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Figures:
    """One direction with one meaning of "hit"; `n_without` queries have no hit to be found.

    `recall` and `chance` (what a random order reaches) are by k.
    """

    direction: str
    hits_are: str
    n_queries: int
    n_without: int
    n_gallery: int
    recall: Mapping[int, Estimate]
    chance: Mapping[int, float]
    median_rank: Estimate
    chance_median_rank: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is undefined is None."""
        return {
            "direction": self.direction,
            "hits_are": self.hits_are,
            "n_queries": self.n_queries,
            "n_without_hit": self.n_without,
            "n_gallery": self.n_gallery,
            "recall": {str(k): one.to_dict() for k, one in self.recall.items()},
            "recall_by_chance": {str(k): _plain(one) for k, one in self.chance.items()},
            "median_rank": self.median_rank.to_dict(),
            "median_rank_by_chance": _plain(self.chance_median_rank),
        }


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


@dataclass(frozen=True)
class RetrievalResult:
    """Everything a reader needs to judge, and to repeat, one retrieval evaluation.

    `leads` None means all leads of each recording; `n_reports` counts different reports.
    """

    table: str
    model: str
    leads: tuple[str, ...] | None
    n_records: int
    n_patients: int
    patients_from: str
    n_reports: int
    figures: tuple[Figures, ...]
    unreadable: tuple[tuple[str, str], ...]
    blank: tuple[str, ...]
    resamples: int
    level: float
    seed: int
    versions: dict[str, str]

    def of(self, direction: str, hits_are: str) -> Figures:
        """The figures of one direction, such as "ECG to report", "its own only"."""
        return next(
            one for one in self.figures if (one.direction, one.hits_are) == (direction, hits_are)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "model", "n_records", "n_patients", "patients_from", "n_reports")
        return {
            **{name: getattr(self, name) for name in plain},
            "leads": "all recorded" if self.leads is None else list(self.leads),
            "figures": [one.to_dict() for one in self.figures],
            "unreadable": [{"record": r, "reason": why} for r, why in self.unreadable],
            "without_report": list(self.blank),
            **{name: getattr(self, name) for name in ("resamples", "level", "seed", "versions")},
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per direction and meaning of a hit."""
        import pandas as pd

        return pd.DataFrame([_flat(one) for one in self.figures])

    def to_markdown(self) -> str:
        """One line per direction and meaning of a hit, then what chance reaches."""
        leads = "all recorded leads" if self.leads is None else ", ".join(self.leads)
        title = (
            f"{self.table}: {self.n_records} records of {self.n_patients} patients, "
            f"{self.n_reports} different reports, {leads}"
        )
        ks = list(self.figures[0].recall) if self.figures else []
        recalls = (f"R@{k} (95 %)" for k in ks)
        head = ("direction", "a hit is", "queries", "among", *recalls, "median rank (95 %)")
        lines = [
            f"**{title}**",
            "",
            *markdown_table((*head, "by chance"), map(_cells, self.figures)),
            "",
        ]
        lines += self._notes()
        return "\n".join(lines).rstrip() + "\n"

    def _notes(self) -> list[str]:
        lines = [
            "By chance: the recalls and the median rank that a random order reaches. Intervals "
            f"over patients ({self.patients_from})."
        ]
        if without := sorted({one.n_without for one in self.figures} - {0}):
            counts = ", ".join(map(str, without))
            lines.append(f"Queries without any hit to be found are not counted ({counts}).")
        if self.blank:
            lines.append(f"Without a report, left out: {', '.join(self.blank)}.")
        if self.unreadable:
            lines.append("Not readable: " + "; ".join(f"{r} ({why})" for r, why in self.unreadable))
        return lines

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `STEM.md` and `STEM.csv`; returns the paths."""
        base = Path(folder) / (stem or f"{self.table}-retrieval")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".csv")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        write_text(paths[2], self.to_frame().to_csv(index=False))
        return paths


def _flat(one: Figures) -> dict[str, Any]:
    row: dict[str, Any] = {"direction": one.direction, "hits_are": one.hits_are}
    row |= {"n_queries": one.n_queries, "n_without_hit": one.n_without, "n_gallery": one.n_gallery}
    found = {f"recall_{k}": value for k, value in one.recall.items()}
    for name, e in {**found, "median_rank": one.median_rank}.items():
        row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high}
    row |= {f"recall_{k}_by_chance": value for k, value in one.chance.items()}
    return {**row, "median_rank_by_chance": one.chance_median_rank}


def _cells(one: Figures) -> tuple[str, ...]:
    rank = one.median_rank
    chance = " / ".join(f"{value:.3f}" for value in one.chance.values())
    return (
        one.direction,
        one.hits_are,
        str(one.n_queries),
        str(one.n_gallery),
        *(str(found) for found in one.recall.values()),
        f"{rank.value:.1f} ({rank.low:.1f}-{rank.high:.1f})",
        f"{chance}; {one.chance_median_rank:.1f}",
    )
