"""Points of several systems side by side: ours with an interval, published ones beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardiolex.errors import CardiolexError
from cardiolex.plots.curves import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "os^vD<>pXP*hd8H"


@dataclass(frozen=True)
class Point:
    """A value with the ends of its interval (None: unknown), and the published one beside it."""

    series: str
    value: float | None
    low: float | None
    high: float | None
    published: float | None = None


@dataclass(frozen=True)
class Group:
    """Points that are compared with one another."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Series:
    """Points along an axis of its own."""

    axis: str
    points: tuple[tuple[float, Point], ...]


def grouped(
    groups: Sequence[Group],
    series: Sequence[str] | None,
    *,
    title: str = "",
    metric: str = "",
    marks: str = "filled: ours with 95 % interval, open: published",
) -> Figure:
    """A row of text per point, group under group; `marks` says what filled and open ones are.

    With `series` (names in order) every point of a name has its colour and mark, and one line of
    the drawing holds a group; without, every point has a line of its own under the group's name.
    """
    if not any(group.points for group in groups):
        raise CardiolexError("no points to draw")
    from matplotlib.figure import Figure

    lines = _lines(groups, series)
    figure = Figure(figsize=(8.6, 1.4 + 0.24 * len(lines)), layout="constrained", facecolor="white")
    if title:
        figure.suptitle(title, fontsize=9, x=0.01, ha="left", parse_math=False)
    axes = _styled(figure.add_subplot())
    for y, (_, points) in enumerate(reversed(lines)):
        for n, point in enumerate(points):
            place = 0 if series is None else list(series).index(point.series)
            spread = 0.0 if len(points) == 1 else 0.5 * (0.5 - n / (len(points) - 1))
            _draw(axes, point, y + spread, place, across=True)
    names = [label for label, _ in reversed(lines)]
    axes.set_yticks(range(len(lines)), names, fontsize=7.5, parse_math=False)
    axes.set_ylim(-0.8, len(lines) - 0.2)
    axes.set_xlabel(f"{metric}; {marks}" if marks else metric)
    if series is not None:
        _legend(axes, series, groups)
    return figure


def panels(lines: Sequence[Series], *, title: str = "", metric: str = "") -> Figure:
    """A panel for each axis, values joined in order."""
    if not lines:
        raise CardiolexError("no points to draw")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.2 + 3.2 * len(lines), 3.6), layout="constrained", facecolor="white")
    figure.suptitle(title, fontsize=9, x=0.01, ha="left", parse_math=False)
    every = figure.subplots(1, len(lines), sharey=True, squeeze=False)[0]
    for axes, line in zip(every, lines, strict=True):
        _styled(axes)
        ours = [(x, p.value) for x, p in line.points if p.value is not None]
        axes.plot([x for x, _ in ours], [y for _, y in ours], color=COLORS[0], lw=1.2)
        for x, point in line.points:
            _draw(axes, point, x, 0, across=False)
        axes.set_xlabel(line.axis, fontsize=8)
        axes.set_xticks([x for x, _ in line.points])
        axes.tick_params(labelsize=8)
    every[0].set_ylabel(f"{metric}, 95 % interval", fontsize=8)
    return figure


def _lines(
    groups: Sequence[Group], series: Sequence[str] | None
) -> list[tuple[str, tuple[Point, ...]]]:
    if series is not None:
        return [(group.label, group.points) for group in groups]
    return [
        (f"{group.label}: {point.series}", (point,)) for group in groups for point in group.points
    ]


def _draw(axes: Axes, point: Point, place: float, number: int, *, across: bool) -> None:
    """A point at `place` on the other axis; `across`: values run from left to right."""
    color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]

    def at(values: list[float]) -> tuple[list[float], list[float]]:
        places = [place] * len(values)
        return (values, places) if across else (places, values)

    if point.low is not None and point.high is not None:
        axes.plot(*at([point.low, point.high]), color=color, lw=1.4, alpha=0.35)
    if point.value is not None:
        axes.plot(*at([point.value]), marker, color=color, ms=4)
    if point.published is not None:
        axes.plot(*at([point.published]), marker, mfc="none", mec=color, ms=5, mew=0.9)


def _legend(axes: Axes, series: Sequence[str], groups: Sequence[Group]) -> None:
    from matplotlib.lines import Line2D

    there = {point.series for group in groups for point in group.points}
    marks = [
        Line2D([], [], ls="none", marker=MARKERS[n % len(MARKERS)], color=COLORS[n % len(COLORS)])
        for n in range(len(series))
    ]
    shown = [(mark, name) for mark, name in zip(marks, series, strict=True) if name in there]
    axes.legend(
        [mark for mark, _ in shown],
        [name for _, name in shown],
        fontsize=7,
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
    )


def _styled(axes: Axes) -> Axes:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="both", color="#e6e6e6", lw=0.6)
    axes.set_axisbelow(True)
    return axes
