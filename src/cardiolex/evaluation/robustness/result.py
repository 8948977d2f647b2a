"""What robustness evaluation found: a point per kind and level, beside the undisturbed figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.paired import signed
from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.evaluation.robustness.standard import UNORDERED
from cardiolex.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ClassChange:
    """AUROC of a condition under the disturbance, and its paired change."""

    condition: str
    n_pos: int
    auroc: Estimate
    change: Estimate


@dataclass(frozen=True)
class Point:
    """One kind at one level: macro AUROC, and its paired change on the same recordings.

    `left_out` recordings could not be disturbed this way; `failed` says why there is no figure.
    """

    kind: str
    level: str
    n_records: int
    left_out: int
    macro: Estimate | None = None
    change: Estimate | None = None
    classes: tuple[ClassChange, ...] = ()
    failed: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": self.kind,
            "level": self.level,
            "n_records": self.n_records,
            "left_out": self.left_out,
            "macro_auroc": None if self.macro is None else self.macro.to_dict(),
            "change": None if self.change is None else self.change.to_dict(),
            "classes": [
                {"condition": one.condition, "n_pos": one.n_pos}
                | {"auroc": one.auroc.to_dict(), "change": one.change.to_dict()}
                for one in self.classes
            ],
            "failed": self.failed,
        }


@dataclass(frozen=True, eq=False)
class RobustnessResult:
    """All points of one table; `clean` is the macro AUROC of the recordings as they are."""

    table: str
    model: str
    n_records: int
    n_patients: int
    patients_from: str
    clean: Estimate
    points: tuple[Point, ...]
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = ("table", "model", "n_records", "n_patients", "patients_from", "resamples", "seed")
        return {
            **{name: getattr(self, name) for name in plain},
            "clean_macro_auroc": self.clean.to_dict(),
            "points": [point.to_dict() for point in self.points],
            "versions": versions(),
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows of the table."""
        header = ("disturbance", "level", "records", "macro AUROC (95 %)", "change (95 %)")
        rows: list[tuple[str, ...]] = [("none", "", str(self.n_records), str(self.clean), "")]
        for point in self.points:
            measured = point.macro is not None and point.change is not None
            rows.append(
                (
                    point.kind,
                    point.level,
                    str(point.n_records),
                    str(point.macro) if measured else point.failed or "",
                    signed(point.change) if point.change is not None else "",
                )
            )
        return header, rows

    def to_markdown(self) -> str:
        """A row per point, the undisturbed figure first."""
        title = f"**{self.table}: {self.n_records} records of {self.n_patients} patients**"
        return "\n".join([title, "", *markdown_table(*self.rows())]) + "\n"

    def figure(self) -> Figure:
        """A panel per kind of disturbance."""
        from cardiolex.plots.curves import Dot
        from cardiolex.plots.protocols import level_curves

        kinds: dict[str, list[Dot]] = {}
        for point in self.points:
            if point.macro is not None:
                dot = Dot(point.level, point.macro.value, point.macro.low, point.macro.high)
                kinds.setdefault(point.kind, []).append(dot)
        clean = Dot("", self.clean.value, self.clean.low, self.clean.high)
        title = f"{self.table}, {self.model}"
        return level_curves(kinds, clean, title=title, unordered=UNORDERED)

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `.md` and `.png`; returns the paths."""
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or f"{self.table}-robustness")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".png")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        save(self.figure(), paths[2], dpi=150)
        return paths
