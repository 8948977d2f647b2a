"""Several models on the same records, with one to twelve leads: means over tables, and order.

Intervals: patients are drawn with one seed for all models, so that what differs between two models
is measured on the same draws; the mean over tables is the mean of their macro figures, draw by
draw.
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
from cardiolex.evaluation.partial_leads import NESTED_ORDER
from cardiolex.evaluation.results import ZeroShotResult, markdown_table, write_json
from cardiolex.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Standing:
    """One model: `results[n]` are its results on every table with the first n leads."""

    model: str
    facts: Mapping[str, Any]
    """What is told of its training: recordings per second, steps, weights."""
    results: Mapping[int, Sequence[ZeroShotResult]]

    def mean(self, leads: int) -> Estimate:
        """Macro AUROC, mean over tables."""
        value = float(np.mean([one.macro_auroc.value for one in self.results[leads]]))
        return estimate(value, self.draws(leads), LEVEL)

    def draws(self, leads: int) -> NDArray[np.float64]:
        """The same mean in each draw of patients, (R,)."""
        tables = [np.nanmean(one.auroc_samples, axis=1) for one in self.results[leads]]
        return np.asarray(np.mean(tables, axis=0), np.float64)

    def over_leads(self) -> float:
        """Average of the means over all numbers of leads, as K-MERL's Tab. 2 has it."""
        return float(np.mean([self.mean(n).value for n in self.results]))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models in the order they were given; the first is what the others are compared with."""

    standings: tuple[Standing, ...]

    def __post_init__(self) -> None:
        """All models must have been measured on the same tables with the same draws."""
        measured = {
            tuple(
                (n, one.table, one.n_records, one.seed, one.resamples, len(one.classes))
                for n, results in sorted(standing.results.items())
                for one in results
            )
            for standing in self.standings
        }
        if len(measured) != 1:
            raise CardiolexError("models must be measured on the same records, tables and draws")

    def difference(self, standing: Standing, leads: int) -> Estimate:
        """Mean AUROC of `standing` minus that of the first model, paired."""
        first = self.standings[0]
        value = standing.mean(leads).value - first.mean(leads).value
        return estimate(value, standing.draws(leads) - first.draws(leads), LEVEL)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            standing.model: {
                "facts": dict(standing.facts),
                "leads": {
                    str(n): {
                        "mean": standing.mean(n).to_dict(),
                        "minus_first": self.difference(standing, n).to_dict(),
                        "tables": {one.table: one.macro_auroc.to_dict() for one in results},
                    }
                    for n, results in standing.results.items()
                },
            }
            for standing in self.standings
        }

    def to_markdown(self) -> str:
        """Every table with all leads and with the fewest, means by number of leads, training."""
        numbers = sorted(self.standings[0].results)
        by_leads = [
            (one.model, *(f"{one.mean(n).value:.3f}" for n in numbers), f"{one.over_leads():.3f}")
            for one in self.standings
        ]
        several = [
            "Mean over tables by number of leads:",
            "",
            *markdown_table(("model", *map(str, numbers), "average"), by_leads),
            "",
        ]
        parts = [self._by_table(n) for n in dict.fromkeys((numbers[-1], numbers[0]))]
        return "\n".join(
            [
                *(line for part in parts for line in part),
                *(several if len(numbers) > 2 else ()),
                "Training:",
                "",
                *facts_table({one.model: one.facts for one in self.standings}),
                "",
            ]
        )

    def _by_table(self, leads: int) -> list[str]:
        first = self.standings[0]
        tables = [one.table for one in first.results[leads]]
        header = ("model", *tables, "mean", f"minus {first.model}")
        rows = [
            (
                one.model,
                *(str(result.macro_auroc) for result in one.results[leads]),
                f"**{one.mean(leads)}**",
                "" if one is first else signed(self.difference(one, leads)),
            )
            for one in self.standings
        ]
        count = f"{leads} leads" if leads > 1 else f"lead {NESTED_ORDER[0]} alone"
        return [f"Zero-shot macro AUROC (95 %), {count}:", "", *markdown_table(header, rows), ""]

    def plot(self) -> Figure:
        """Mean over tables against the number of leads, one curve per model."""
        from cardiolex.plots.curves import Dot, by_number_of_leads

        curves = {
            one.model: {
                n: Dot(NESTED_ORDER[n - 1], mean.value, mean.low, mean.high)
                for n in one.results
                for mean in [one.mean(n)]
            }
            for one in self.standings
        }
        return by_number_of_leads(curves, title="Zero-shot, mean over tables")

    def write(self, folder: str | Path, name: str = "comparison") -> tuple[Path, ...]:
        """NAME.json, NAME.md and NAME.svg in `folder`."""
        return write_comparison(folder, name, self.to_dict(), self.to_markdown(), self.plot())


def write_comparison(
    folder: str | Path, name: str, plain: dict[str, Any], text: str, figure: Figure
) -> tuple[Path, ...]:
    """NAME.json, NAME.md and NAME.svg in `folder`."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / f"{name}.json", plain)
    write_text(root / f"{name}.md", text)
    figure.savefig(root / f"{name}.svg")
    return tuple(root / f"{name}.{kind}" for kind in ("json", "md", "svg"))


def facts_table(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Markdown: what is told of each model's training."""
    names = list(dict.fromkeys(name for one in facts.values() for name in one))
    rows = [(model, *(str(one.get(name, "")) for name in names)) for model, one in facts.items()]
    return markdown_table(("model", *names), rows)


def signed(difference: Estimate) -> str:
    """A difference with its sign and interval."""
    return f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
