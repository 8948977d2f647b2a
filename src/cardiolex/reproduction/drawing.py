"""Figures in the form that the papers have them: ours with intervals, published where printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cardiolex.evaluation.partial_leads import NESTED_ORDER
from cardiolex.evaluation.published.cells import SPLIT_SETS
from cardiolex.plots.comparisons import Group, Point, Series, grouped, panels
from cardiolex.plots.curves import Dot, by_number_of_leads
from cardiolex.reproduction.definition import Column
from cardiolex.reproduction.figure import Figure
from cardiolex.reproduction.outcome import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

AXIS = "AUROC, %"


def drawn(outcome: Outcome) -> Drawing | None:
    """The drawing of a figure, or of a table by set; None where nothing was measured."""
    measured = [
        column
        for row in outcome.figures.values()
        for column, one in row.items()
        if one.value is not None and column.protocol != "data"
    ]
    if not measured:
        return None
    by_kind = {"leads": _leads, "classes": _classes, "panels": _panels}
    return by_kind.get(outcome.definition.drawing, _sets)(outcome)


def _title(outcome: Outcome) -> str:
    scale = "\nsmall scale, no statement about the paper"
    small = scale if outcome.facts.get("scale") == "small" else ""
    return outcome.definition.heading + small


def _sets(outcome: Outcome) -> Drawing:
    """A group per column, a point per row: filled ours, open published."""
    d = outcome.definition
    groups = [
        Group(
            f"{column.label}, {column.group}" if _several_groups(d.columns) else column.label,
            tuple(
                point
                for row in d.rows
                if (point := _point(outcome, row.name, column, row.name)) is not None
            ),
        )
        for column in d.columns
    ]
    groups = [group for group in groups if group.points]  # unseen classes: there may be none
    return grouped(groups, [row.name for row in d.rows], title=_title(outcome), metric=AXIS)


def _several_groups(columns: tuple[Column, ...]) -> bool:
    return len({column.group for column in columns}) > 1


def _point(outcome: Outcome, row: str, column: Column, series: str) -> Point | None:
    cell = outcome.definition.printed(row, column)
    ours = outcome.figures.get(row, {}).get(column, Figure())
    published = None if cell is None else cell.value
    if published is None and ours.value is None:
        return None
    return Point(series, ours.value, ours.low, ours.high, published)


def _leads(outcome: Outcome) -> Drawing:
    curves: dict[str, Mapping[int, Dot]] = {}
    for name, found in outcome.figures.items():
        dots = {}
        for column, one in found.items():
            if one.value is None or one.low is None or one.high is None or column.leads is None:
                continue
            label = NESTED_ORDER[column.leads - 1]
            dots[column.leads] = Dot(label, one.value, one.low, one.high)
        if dots:
            curves[name] = dots
    figure = by_number_of_leads(curves, title=_title(outcome), metric=AXIS)
    axes = figure.axes[0]
    for row in outcome.definition.rows:
        ends = [
            (column.leads, cell.value)
            for column in outcome.definition.columns
            if (cell := outcome.definition.printed(row.name, column)) and cell.value is not None
        ]
        if ends:
            axes.plot(
                *zip(*ends, strict=True),
                "D",
                mfc="none",
                mec="black",
                ms=6,
                ls="none",
                label=f"{row.name}, published",
            )
    axes.legend(frameon=False)
    return figure


def _panels(outcome: Outcome) -> Drawing:
    """A panel per axis, a point per row."""
    (column,) = outcome.definition.columns
    series: dict[str, list[tuple[float, Point]]] = {}
    for row in outcome.definition.rows:
        point = _point(outcome, row.name, column, row.name)
        if row.at is not None and point is not None:
            series.setdefault(row.at[0], []).append((row.at[1], point))
    lines = [
        Series(name, tuple(sorted(points, key=lambda p: p[0]))) for name, points in series.items()
    ]
    return panels(lines, title=_title(outcome), metric=AXIS)


def _classes(outcome: Outcome) -> Drawing:
    """A group per set, a point per class of the first row."""
    row = outcome.definition.rows[0].name
    groups = []
    for column, one in outcome.figures[row].items():
        if column.split_set not in SPLIT_SETS or not one.per_class:
            continue
        points = tuple(
            Point(f"{name} ({n})", value, None, None, None) for name, n, value in one.per_class
        )
        groups.append(Group(column.label, points))
    marks = "ours; in brackets the positives"
    return grouped(groups, None, title=_title(outcome), metric=AXIS, marks=marks)
