"""Several encoders probed on the same tables: means over tables, paired differences to the first.

All were judged on the same records with the same folds and draws of patients, so what differs
between two of them is measured on the same draws; see `comparison` for the zero-shot counterpart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate, estimate
from cardiolex.evaluation.comparison import facts_table, signed, write_comparison
from cardiolex.evaluation.probing import LEVEL, ProbeResult
from cardiolex.evaluation.results import markdown_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Probed:
    """One encoder: `results[share]` are its results on every table with this share of labels."""

    model: str
    facts: Mapping[str, Any]
    """What is told of its training."""
    results: Mapping[float, Sequence[ProbeResult]]

    def mean(self, share: float) -> Estimate:
        """Macro AUROC, mean over tables."""
        value = float(np.mean([one.macro_auroc.value for one in self.results[share]]))
        return estimate(value, self.draws(share), LEVEL)

    def draws(self, share: float) -> NDArray[np.float64]:
        """The same mean in each draw of patients, (R,)."""
        tables = [np.nanmean(one.auroc.samples, axis=1) for one in self.results[share]]
        return np.asarray(np.mean(tables, axis=0), np.float64)


@dataclass(frozen=True, eq=False)
class ProbesCompared:
    """Encoders in the order given; the first is what the others are compared with."""

    rows: tuple[Probed, ...]

    def __post_init__(self) -> None:
        """All must have been probed on the same tables with the same draws."""
        measured = {
            tuple(
                (share, one.table, one.n_test, one.protocol, one.draws, one.auroc.samples.shape)
                for share, results in sorted(row.results.items())
                for one in results
            )
            for row in self.rows
        }
        if len(measured) != 1:
            raise CardiolexError("encoders must be probed on the same records, tables and draws")

    def difference(self, row: Probed, share: float) -> Estimate:
        """Mean AUROC of `row` minus that of the first, paired."""
        first = self.rows[0]
        value = row.mean(share).value - first.mean(share).value
        return estimate(value, row.draws(share) - first.draws(share), LEVEL)

    @property
    def shares(self) -> list[float]:
        """Shares of the labels, from small to large."""
        return sorted(self.rows[0].results)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            row.model: {
                "facts": dict(row.facts),
                "shares": {
                    f"{share:g}": {
                        "mean": row.mean(share).to_dict(),
                        "minus_first": self.difference(row, share).to_dict(),
                        "tables": {one.table: one.to_dict() for one in results},
                    }
                    for share, results in row.results.items()
                },
            }
            for row in self.rows
        }

    def to_markdown(self) -> str:
        """One table for each share, then the training."""
        lines = [line for share in reversed(self.shares) for line in self._with_share(share)]
        facts = facts_table({row.model: row.facts for row in self.rows})
        return "\n".join([*lines, "Training:", "", *facts, ""])

    def _with_share(self, share: float) -> list[str]:
        first = self.rows[0]
        tables = [one.table for one in first.results[share]]
        header = ("encoder", *tables, "mean", f"minus {first.model}")
        rows = [
            (
                row.model,
                *(str(one.macro_auroc) for one in row.results[share]),
                f"**{row.mean(share)}**",
                "" if row is first else signed(self.difference(row, share)),
            )
            for row in self.rows
        ]
        title = f"Linear probe, macro AUROC (95 %), {share:.0%} of the training patients' labels:"
        return [title, "", *markdown_table(header, rows), ""]

    def plot(self) -> Figure:
        """Mean over tables with all the labels, one row per encoder."""
        from cardiolex.plots.curves import Dot, per_class

        share = self.shares[-1]
        dots = [
            Dot(row.model, mean.value, mean.low, mean.high)
            for row in self.rows
            for mean in [row.mean(share)]
        ]
        title = f"Linear probe, mean over tables, {share:.0%} of labels"
        return per_class(dots, title=title, metric="macro AUROC")

    def write(self, folder: str | Path, name: str) -> tuple[Path, ...]:
        """NAME.json, NAME.md and NAME.svg in `folder`."""
        return write_comparison(folder, name, self.to_dict(), self.to_markdown(), self.plot())
