"""What a zero-shot evaluation found, as JSON, as a table and as files."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.decisions import Decisions
from cardiolex.files import write_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ClassResult:
    """One condition: how often, how well, whether met in pre-training (None: not told)."""

    condition: str
    n_pos: int
    n_neg: int
    auroc: Estimate
    auprc: Estimate
    seen: bool | None = None


@dataclass(frozen=True)
class LeftOut:
    """A condition that was not measured, and why."""

    condition: str
    n_pos: int
    n_neg: int
    reason: str


@dataclass(frozen=True, eq=False)
class ZeroShotResult:
    """Everything a reader needs to judge, and to repeat, one zero-shot evaluation.

    `leads` None means all leads of each recording. The arrays at the end are kept for curves and
    paired comparisons, not written: `labels` and `probabilities` (N, conditions), `auroc_samples`
    AUROC (resamples, classes).
    """

    table: str
    model: str
    leads: tuple[str, ...] | None
    n_records: int
    n_patients: int
    patients_from: str
    classes: tuple[ClassResult, ...]
    macro_auroc: Estimate
    macro_auprc: Estimate
    macro_auroc_seen: Estimate | None
    macro_auroc_unseen: Estimate | None
    left_out: tuple[LeftOut, ...]
    unreadable: tuple[tuple[str, str], ...]
    lacking_leads: tuple[str, ...]
    min_positives: int
    resamples: int
    level: float
    seed: int
    versions: dict[str, str]
    records: tuple[str, ...] = field(repr=False)
    conditions: tuple[str, ...] = field(repr=False)
    labels: NDArray[np.float32] = field(repr=False)
    probabilities: NDArray[np.float64] = field(repr=False)
    auroc_samples: NDArray[np.float64] = field(repr=False)
    decisions: Decisions | None = None
    """F1 and its like at thresholds from validation (strict)."""
    published: Decisions | None = None
    """The same at thresholds chosen on the judged records (published protocol)."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is undefined is None."""
        plain = ("table", "model", "n_records", "n_patients", "patients_from", "min_positives")
        run = ("resamples", "level", "seed", "versions")
        return {
            **{name: getattr(self, name) for name in plain},
            "leads": "all recorded" if self.leads is None else list(self.leads),
            "macro_auroc": self.macro_auroc.to_dict(),
            "macro_auprc": self.macro_auprc.to_dict(),
            "macro_auroc_seen": _optional(self.macro_auroc_seen),
            "macro_auroc_unseen": _optional(self.macro_auroc_unseen),
            "classes": [_class_dict(one) for one in self.classes],
            "left_out": [vars(one) for one in self.left_out],
            "unreadable": [{"record": r, "reason": why} for r, why in self.unreadable],
            "lacking_leads": list(self.lacking_leads),
            "decisions": None if self.decisions is None else self.decisions.to_dict(),
            "decisions_test_optimal": None if self.published is None else self.published.to_dict(),
            **{name: getattr(self, name) for name in run},
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per measured class."""
        import pandas as pd

        return pd.DataFrame([_flat(one) for one in self.classes])

    def class_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows, the macro mean first."""
        header = ("condition", "positives", "negatives", "AUROC (95 %)", "AUPRC (95 %)", "seen")
        macro = ("**macro mean**", "", "", str(self.macro_auroc), str(self.macro_auprc), "")
        return header, [macro, *(_cells(one) for one in self.classes)]

    def to_markdown(self) -> str:
        """Table with the macro mean first, then what was left out and why."""
        lines = [f"**{self._title()}**", "", *markdown_table(*self.class_rows())]
        for decided in (self.decisions, self.published):
            if decided is not None:
                lines += ["", f"Thresholds: {decided.thresholds_from}.", ""]
                lines += markdown_table(*decisions_table(decided))
        lines += ["", *self.omissions()]
        return "\n".join(lines).rstrip() + "\n"

    def _title(self) -> str:
        leads = "all recorded leads" if self.leads is None else ", ".join(self.leads)
        return f"{self.table}: {self.n_records} records of {self.n_patients} patients, {leads}"

    def omissions(self) -> list[str]:
        """What was left out and why, in sentences."""
        lines = []
        if self.left_out:
            names = [f"{one.condition} ({one.n_pos}/{one.n_neg})" for one in self.left_out]
            lines.append(
                f"Left out for fewer than {self.min_positives} positives or negatives: "
                f"{', '.join(names)}."
            )
        if self.unreadable:
            lines.append("Not readable: " + "; ".join(f"{r} ({why})" for r, why in self.unreadable))
        if self.lacking_leads:
            lines.append(f"Without these leads: {', '.join(self.lacking_leads)}.")
        return lines

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `STEM.md`, `STEM.csv` (classes) and `STEM.png`; returns the paths.

        `stem` defaults to the table's name.
        """
        from cardiolex.plots.curves import Dot, per_class
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or self.table)
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".csv", ".png")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        write_text(paths[2], self.to_frame().to_csv(index=False))
        dots = [
            Dot(f"{one.condition}  ({one.n_pos})", one.auroc.value, one.auroc.low, one.auroc.high)
            for one in self.classes
        ]
        mean = Dot(
            "macro mean", self.macro_auroc.value, self.macro_auroc.low, self.macro_auroc.high
        )
        save(per_class(dots, mean=mean, title=self._title()), paths[3], dpi=150)
        return paths


def _optional(estimate: Estimate | None) -> dict[str, float | None] | None:
    return None if estimate is None else estimate.to_dict()


def _class_dict(one: ClassResult) -> dict[str, Any]:
    return {**vars(one), "auroc": one.auroc.to_dict(), "auprc": one.auprc.to_dict()}


def _flat(one: ClassResult) -> dict[str, Any]:
    row: dict[str, Any] = {"condition": one.condition, "n_pos": one.n_pos, "n_neg": one.n_neg}
    for name, estimate in (("auroc", one.auroc), ("auprc", one.auprc)):
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return {**row, "seen": one.seen}


def _cells(one: ClassResult) -> tuple[str, ...]:
    seen = {True: "yes", False: "no", None: ""}[one.seen]
    numbers = (str(one.n_pos), str(one.n_neg), str(one.auroc), str(one.auprc))
    return (one.condition, *numbers, seen)


def decisions_table(decided: Decisions) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows: macro means first, then a row per class."""
    suffix = " (test-optimal)" if "f1_test_optimal" in decided.macro else ""
    header = ("condition", "threshold", f"F1{suffix}", "accuracy", "sensitivity", "specificity")
    rows: list[tuple[str, ...]] = []
    if decided.macro:
        rows.append(("**macro mean**", "", *(str(one) for one in decided.macro.values())))
    rows += [
        (
            one.condition,
            f"{one.threshold:.3f}",
            *(str(x) for x in (one.f1, one.accuracy, one.sensitivity, one.specificity)),
        )
        for one in decided.classes
    ]
    if decided.undecided:
        rows.append((f"no threshold: {', '.join(decided.undecided)}", *[""] * 5))
    return header, rows


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; bars inside cells are escaped."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(header), line(["---"] * len(header)), *(line(row) for row in rows)]


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as strict JSON (no NaN), indented, atomically."""
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide about figures."""
    found = {"python": platform.python_version()}
    for name in ("cardiolex", "numpy", "scipy", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
