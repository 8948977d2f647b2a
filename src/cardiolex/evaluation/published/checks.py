"""What does not agree with itself in the papers' tables: reported, never repaired.

A printed mean is compared with the mean of the row's printed figures, a figure printed in two
places with itself. Half a unit of the last printed decimal is rounding, and no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from cardiolex.evaluation.published.cells import MEAN, SPLIT_SETS, Cell
from cardiolex.evaluation.published.load import all_cells


@dataclass(frozen=True)
class Disagreement:
    """Two numbers of the papers that ought to be equal."""

    where: str
    printed: str
    other: str
    explanation: str

    def __str__(self) -> str:
        return f"{self.where}: {self.printed} against {self.other} ({self.explanation})"


def wrong_means(cells: Sequence[Cell]) -> list[Disagreement]:
    """Printed means over the six sets that are not the mean of the row's printed figures.

    A row is the same name within a paper; a set printed as a dash takes no part.
    """
    parts: dict[tuple[object, ...], dict[str, dict[str, float]]] = defaultdict(dict)
    dashes: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for cell in cells:
        if cell.split_set not in SPLIT_SETS:
            continue
        if cell.value is not None:
            parts[_row(cell)].setdefault(cell.table, {})[cell.split_set] = cell.value
        elif cell.obtained == "paper":
            dashes[_row(cell)].add(cell.split_set)
    found = []
    for cell in cells:
        if cell.split_set != MEAN or cell.value is None:
            continue
        for table, values in parts.get(_row(cell), {}).items():
            if set(values) | dashes[_row(cell)] != set(SPLIT_SETS):
                continue
            mean = sum(values.values()) / len(values)
            if abs(mean - cell.value) > 0.5 * 10**-cell.decimals + 1e-9:
                found.append(
                    Disagreement(
                        f"{cell.where}, {_asked(cell)}",
                        cell.printed,
                        f"{mean:.2f}",
                        f"mean of {len(values)} figures in table {table}",
                    )
                )
    return found


def _row(cell: Cell) -> tuple[object, ...]:
    return (cell.row, *replace(cell, split_set="").column)


def printed_twice(cells: Sequence[Cell], others: Sequence[Cell]) -> list[Disagreement]:
    """Figures of `cells` that `others` print differently for the same row and column."""
    known: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in others:
        if cell.value is not None:
            known[cell.row, *cell.column].append(cell)
    found = []
    for cell in cells:
        if cell.value is None:
            continue
        for other in known.get((cell.row, *cell.column), ()):
            assert other.value is not None
            decimals = min(cell.decimals, other.decimals)
            if abs(cell.value - other.value) > 0.5 * 10**-decimals + 1e-9:
                found.append(
                    Disagreement(
                        f"{cell.where}, {_asked(cell)}",
                        cell.printed,
                        other.printed,
                        f"the same figure in {other.paper} {other.table}",
                    )
                )
    return found


def repeated_columns(cells: Sequence[Cell]) -> list[Disagreement]:
    """Rows of a table where two data sets have the same figures at 10 and at 100 % of labels."""
    rows: dict[tuple[str, str], dict[str, dict[float, float]]] = defaultdict(dict)
    for cell in cells:
        if cell.share is not None and cell.value is not None and cell.split_set in SPLIT_SETS:
            rows[cell.table, cell.row].setdefault(cell.split_set, {})[cell.share] = cell.value
    found = []
    for (table, row), sets in rows.items():
        names = [name for name in SPLIT_SETS if {10, 100} <= set(sets.get(name, {}))]
        found += [
            Disagreement(
                f"{cells[0].paper} {table}, {row}",
                f"{sets[b][10]:g} and {sets[b][100]:g} for {b}",
                f"the same two for {a}",
                "10 and 100 % of labels: looks copied from the wrong column",
            )
            for a, b in combinations(names, 2)
            if all(sets[a][share] == sets[b][share] for share in (10, 100))
        ]
    return found


def disagreements() -> list[Disagreement]:
    """Everything found in the papers' tables."""
    found: list[Disagreement] = []
    for paper in ("kmerl", "supreme", "melp"):
        found += wrong_means(all_cells(paper))
        found += repeated_columns(all_cells(paper))
    kmerl, supreme = all_cells("kmerl"), all_cells("supreme")
    found += printed_twice(
        [c for c in supreme if c.table == "9"], [c for c in kmerl if c.table == "1"]
    )
    melp = [c for c in all_cells("melp") if c.row == "SimCLR"]
    found += printed_twice(melp, [c for c in kmerl if c.table == "1"])
    return found


def _asked(cell: Cell) -> str:
    share = "" if cell.share is None else f" at {cell.share:g} % of labels"
    leads = "" if cell.leads is None else f" with {cell.leads} lead{'s' * (cell.leads > 1)}"
    return f"{cell.split_set} {cell.protocol}{share}{leads}"
