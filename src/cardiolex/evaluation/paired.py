"""Two systems on the same recordings: which is better, class by class and in the mean.

Differences of AUROC carry two intervals that must agree: paired bootstrap by patient, and DeLong's
with placements summed by patient. P values over classes are corrected by Holm (1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import LEVEL, Answers, NothingToMeasure
from cardiolex.evaluation.bootstrap import Estimate, bootstrap, mean_known
from cardiolex.evaluation.delong import DeLong, delong
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PairedClass:
    """One condition: AUROC of both, their difference (first minus second) and how sure it is."""

    condition: str
    n_pos: int
    n_neg: int
    first: Estimate
    second: Estimate
    difference: Estimate
    delong: DeLong
    p_holm: float


@dataclass(frozen=True, eq=False)
class PairedResult:
    """Two systems on one table; `p` is the bootstrap's two-sided p of the macro difference."""

    table: str
    first: str
    second: str
    n_records: int
    n_patients: int
    patients_from: str
    classes: tuple[PairedClass, ...]
    macro_first: Estimate
    macro_second: Estimate
    macro_difference: Estimate
    p: float
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "first", "second", "n_records", "n_patients", "patients_from")
        return {
            **{name: getattr(self, name) for name in plain},
            "macro_first": self.macro_first.to_dict(),
            "macro_second": self.macro_second.to_dict(),
            "macro_difference": {**self.macro_difference.to_dict(), "p": _finite(self.p)},
            "classes": [_plain(one) for one in self.classes],
            "resamples": self.resamples,
            "seed": self.seed,
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows, the macro difference first."""
        header = (
            "condition",
            "positives",
            self.first,
            self.second,
            "difference (95 %, bootstrap)",
            "(95 %, DeLong)",
            "p (DeLong)",
            "p (Holm)",
        )
        rows: list[tuple[str, ...]] = [
            (
                "**macro mean**",
                "",
                str(self.macro_first),
                str(self.macro_second),
                signed(self.macro_difference),
                "",
                f"{_p(self.p)} (bootstrap)",
                "",
            )
        ]
        return header, [*rows, *(_cells(one) for one in self.classes)]

    def to_markdown(self) -> str:
        """The table under a line with the numbers of records and patients."""
        title = f"**{self.table}: {self.n_records} records of {self.n_patients} patients, AUROC**"
        return "\n".join([title, "", *markdown_table(*self.rows())]) + "\n"

    def figure(self) -> Figure:
        """Differences by class with their bootstrap intervals."""
        from cardiolex.plots.curves import Dot
        from cardiolex.plots.protocols import differences

        def dot(label: str, one: Estimate) -> Dot:
            return Dot(label, one.value, one.low, one.high)

        return differences(
            [dot(f"{one.condition}  ({one.n_pos})", one.difference) for one in self.classes],
            mean=dot("macro mean", self.macro_difference),
            title=f"{self.table}: {self.first} minus {self.second}",
        )

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `.md` and `.png`; returns the paths."""
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or f"{self.table}-compare")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".png")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        save(self.figure(), paths[2], dpi=150)
        return paths


def compare_paired(
    first: Answers, second: Answers, *, resamples: int = 1000, seed: int = 0
) -> PairedResult:
    """Both must hold the same records and conditions (the answers of two models to one table)."""
    if first.records != second.records or first.conditions != second.conditions:
        raise CardiolexError(
            f"{first.table}: two systems are compared on the same records and conditions only"
        )
    kept, n_pos, n_neg = countable(first.labels, MIN_POSITIVES)
    if not kept.any():
        raise NothingToMeasure(f"{first.table}: no condition has {MIN_POSITIVES} of both kinds")
    a, b = first.only(kept), second.only(kept)
    of_a = bootstrap(a.labels, a.probabilities, a.patients, resamples=resamples, seed=seed)[0]
    of_b = bootstrap(b.labels, b.probabilities, b.patients, resamples=resamples, seed=seed)[0]
    gap = of_a.minus(of_b)
    tests = [
        delong(a.labels[:, c], a.probabilities[:, c], b.probabilities[:, c], a.patients)
        for c in range(len(a.conditions))
    ]
    holm = holm_corrected([test.p for test in tests])
    counts = [(int(p), int(n)) for p, n in zip(n_pos[kept], n_neg[kept], strict=True)]
    classes = tuple(
        PairedClass(
            condition,
            *counts[c],
            of_a.of_class(c, LEVEL),
            of_b.of_class(c, LEVEL),
            gap.of_class(c, LEVEL),
            tests[c],
            float(holm[c]),
        )
        for c, condition in enumerate(a.conditions)
    )
    return PairedResult(
        first.table,
        first.model,
        second.model,
        len(first),
        len(set(first.patients)),
        first.patients_from,
        classes,
        of_a.macro(LEVEL),
        of_b.macro(LEVEL),
        gap.macro(LEVEL),
        bootstrap_p(mean_known(gap.samples)),
        resamples,
        seed,
    )


def bootstrap_p(differences: NDArray[np.float64]) -> float:
    """Two-sided p that the difference is 0, from its resamples (R,): twice the smaller share on
    either side of 0, with one resample added so that no p is 0 (Davison & Hinkley 1997, 4.2)."""
    finite = differences[np.isfinite(differences)]
    if len(finite) == 0:
        return float("nan")
    side = min(int((finite <= 0).sum()), int((finite >= 0).sum()))
    return min(1.0, 2 * (side + 1) / (len(finite) + 1))


def holm_corrected(p: Sequence[float]) -> NDArray[np.float64]:
    """Holm's step-down correction; NaN stays NaN and does not count."""
    values = np.asarray(p, np.float64)
    out = np.full(values.shape, np.nan)
    order = [int(i) for i in np.argsort(values) if np.isfinite(values[i])]
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * values[i]))
        out[i] = largest
    return out


def signed(one: Estimate) -> str:
    """ "+0.012 (-0.004 to +0.028)"."""
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def _cells(one: PairedClass) -> tuple[str, ...]:
    interval = one.delong.interval(LEVEL)
    return (
        one.condition,
        str(one.n_pos),
        str(one.first),
        str(one.second),
        signed(one.difference),
        f"({interval.low:+.3f} to {interval.high:+.3f})",
        _p(one.delong.p),
        _p(one.p_holm),
    )


def _p(p: float) -> str:
    return "" if not np.isfinite(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def _plain(one: PairedClass) -> dict[str, Any]:
    interval = one.delong.interval(LEVEL)
    return {
        "condition": one.condition,
        "n_pos": one.n_pos,
        "n_neg": one.n_neg,
        "first": one.first.to_dict(),
        "second": one.second.to_dict(),
        "difference": one.difference.to_dict(),
        "difference_delong": interval.to_dict(),
        "p_delong": _finite(one.delong.p),
        "p_holm": _finite(one.p_holm),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
