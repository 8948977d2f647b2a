"""A table or figure of a paper as data: whose rows, which columns, and what is printed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cardiolex.evaluation.published import Cell, papers
from cardiolex.evaluation.published.cells import MEAN, SPLIT_SETS
from cardiolex.evaluation.published_probe import Paper

Prompts = Literal["name", "concise", "enriched"]
Drawing = Literal["", "sets", "leads", "classes", "panels"]
SHORT = {
    "ptbxl_super": "Super",
    "ptbxl_sub": "Sub",
    "ptbxl_form": "Form",
    "ptbxl_rhythm": "Rhythm",
    "cpsc2018": "CPSC2018",
    "csn": "CSN",
    MEAN: "mean",
}


@dataclass(frozen=True)
class Column:
    """What is measured: on which set, how, with how many labels or leads, over which classes."""

    split_set: str
    protocol: str
    metric: str = "AUROC"
    share: float | None = None
    leads: int | None = None
    classes: str = ""

    @property
    def group(self) -> str:
        """Columns of one group stand side by side."""
        if self.protocol == "linear-probe":
            return f"linear probe, {self.share:g} % of labels"
        parts = [self.protocol, "" if self.metric == "AUROC" else self.metric]
        parts += [f"{self.leads} lead{'s' * (self.leads > 1)}" if self.leads else ""]
        parts += [f"{self.classes} classes" if self.classes else ""]
        return ", ".join(part for part in parts if part)

    @property
    def measurable(self) -> bool:
        """Whether a command can find it: an accuracy of extraction needs people."""
        return self.metric in ("AUROC", "records")

    @property
    def label(self) -> str:
        """The set, in short."""
        return SHORT.get(self.split_set, self.split_set)


@dataclass(frozen=True)
class Training:
    """A run of `cardiolex pretrain RECIPE`."""

    recipe: str
    variant: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Settings beside the variant, nested as in the recipe."""
    called: str = ""
    """Name of the run where `changes` are set."""
    labels: str = ""
    """Key under which the caller names a folder of labels extracted for this row."""

    @property
    def name(self) -> str:
        """Folder of the run; equal runs of several tables are one."""
        extra = [part for part in (self.variant, self.called, self.labels) if part]
        return "--".join([self.recipe, *extra])


@dataclass(frozen=True)
class Row:
    """A line of the table; `training` None: the published figure is all there is, and `why`."""

    name: str
    training: Training | None = None
    prompts: Prompts | None = None
    """How conditions are asked; None = as the recipe has it."""
    why: str = ""
    at: tuple[str, float] | None = None
    """Panel and place on its axis, where the table is drawn as curves."""


@dataclass(frozen=True)
class TableDefinition:
    """A table or figure that can be asked for by `name`."""

    name: str
    paper: Paper
    number: str
    title: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    published: tuple[Cell, ...] = ()
    drawing: Drawing = ""
    note: str = ""

    @property
    def heading(self) -> str:
        """Paper, number and title."""
        return f"{papers()[self.paper].name}, {self.number}: {self.title}"

    @property
    def source(self) -> str:
        """Where the published figures stand."""
        return f"{papers()[self.paper].title} ({papers()[self.paper].source}), {self.number}"

    def printed(self, row: str, column: Column) -> Cell | None:
        """The published figure, if the table has one there."""
        for cell in self.published:
            if cell.row == row and column_of(cell) == column:
                return cell
        return None


def column_of(cell: Cell) -> Column:
    """The column that a published figure stands in."""
    return Column(cell.split_set, cell.protocol, cell.metric, cell.share, cell.leads, cell.classes)


def columns_of(cells: Iterable[Cell]) -> tuple[Column, ...]:
    """Every column once, in the order of the table."""
    return tuple(dict.fromkeys(column_of(cell) for cell in cells))


def on_six_sets(protocol: str, *, mean: bool = True, **rest: Any) -> tuple[Column, ...]:
    """A column for each set and one for their mean."""
    sets = (*SPLIT_SETS, MEAN) if mean else SPLIT_SETS
    return tuple(Column(name, protocol, **rest) for name in sets)
