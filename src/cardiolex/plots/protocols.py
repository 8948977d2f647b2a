"""Pictures of evaluation protocols: differences, reliability, leads, levels of disturbance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.plots.curves import COLORS, GRAY, Dot, axes_of, colors, row_per_dot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def differences(
    dots: Sequence[Dot], *, mean: Dot | None = None, title: str = "", metric: str = "AUROC"
) -> Figure:
    """A row per class with the difference of two systems and its interval; zero is dotted."""
    if not dots:
        raise CardiolexError("no differences to draw")
    figure, axes = row_per_dot(dots, mean, title)
    axes.axvline(0, color=GRAY, lw=0.8, ls=":")
    axes.set_xlabel(f"difference of {metric}, 95 % interval")
    return figure


def reliability(
    curves: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]],
    *,
    title: str = "",
) -> Figure:
    """Observed frequency against predicted probability: name -> (predicted, observed, count).

    Each is (bins,); bins without cases are NaN. The lower panel shows how many answers each bin
    holds, on a logarithmic scale.
    """
    if not curves:
        raise CardiolexError("no reliability curves to draw")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 6.4), layout="constrained", facecolor="white")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    upper.plot([0, 1], [0, 1], color=GRAY, lw=0.8, ls=":")
    for (name, (predicted, observed, count)), color in zip(
        curves.items(), colors(len(curves)), strict=True
    ):
        there = np.asarray(count) > 0
        upper.plot(predicted[there], observed[there], "o-", color=color, ms=4, lw=1.4, label=name)
        lower.plot(predicted[there], count[there], "o-", color=color, ms=3, lw=1.0)
    upper.set_xlim(-0.01, 1.01)
    upper.set_ylim(-0.01, 1.01)
    upper.set_ylabel("share that has the condition")
    upper.legend(frameon=False, fontsize=8, loc="upper left")
    lower.set_yscale("log")
    lower.set_ylabel("answers")
    lower.set_xlabel("predicted probability (dotted: perfect)")
    for axes in (upper, lower):
        _plain(axes)
    if title:
        upper.set_title(title, fontsize=10, loc="left", parse_math=False)
    return figure


def lead_heat_map(
    values: NDArray[np.floating],
    conditions: Sequence[str],
    leads: Sequence[str],
    *,
    title: str = "",
    what: str = "share of AUROC above chance",
) -> Figure:
    """Conditions by leads, `values` (C, L) in the cells; violet adds, orange takes away."""
    if values.shape != (len(conditions), len(leads)) or not values.size:
        raise CardiolexError(f"values {values.shape} are not (conditions, leads)")
    figure, axes = axes_of(max(6.4, 3.2 + 0.52 * len(leads)), 1.6 + 0.27 * len(conditions), title)
    axes.grid(visible=False)
    limit = max(float(np.nanmax(np.abs(values))), 1e-3)
    picture = axes.imshow(values, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
    for c, row in enumerate(values):
        for n, value in enumerate(row):
            if np.isfinite(value):
                ink = "white" if abs(value) > 0.65 * limit else "black"
                text = f"{value:+.2f}".replace("0.", ".")
                axes.text(n, c, text, ha="center", va="center", fontsize=6.5, color=ink)
    axes.set_xticks(range(len(leads)), leads, fontsize=8)
    axes.set_yticks(range(len(conditions)), conditions, fontsize=8, parse_math=False)
    axes.tick_params(length=0)
    bar = figure.colorbar(picture, ax=axes, fraction=0.04, pad=0.02)
    bar.set_label(what, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return figure


def level_curves(
    kinds: Mapping[str, Sequence[Dot]],
    clean: Dot,
    *,
    title: str = "",
    metric: str = "macro AUROC",
    unordered: Collection[str] = (),
) -> Figure:
    """A panel per kind of disturbance, levels from left to right; the gray line is without any.

    Levels of the kinds in `unordered` are not joined.
    """
    if not kinds:
        raise CardiolexError("no disturbances to draw")
    from matplotlib.figure import Figure

    columns = min(3, len(kinds))
    lines = -(-len(kinds) // columns)
    figure = Figure(
        figsize=(3.5 * columns, 2.6 * lines + 0.3), layout="constrained", facecolor="white"
    )
    grid = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for axes, (kind, dots) in zip(grid, kinds.items(), strict=False):
        place = np.arange(len(dots))
        low, value, high = (
            np.array([getattr(dot, end) for dot in dots]) for end in ("low", "value", "high")
        )
        axes.axhspan(clean.low, clean.high, color=GRAY, alpha=0.15, lw=0)
        axes.axhline(clean.value, color=GRAY, lw=0.9)
        axes.axhline(0.5, color=GRAY, lw=0.8, ls=":")
        axes.vlines(place, low, high, color=COLORS[0], lw=2.2, alpha=0.45)
        mark = "o" if kind in unordered else "o-"
        axes.plot(place, value, mark, color=COLORS[0], ms=4, lw=1.2)
        axes.set_xticks(place, [dot.label for dot in dots], fontsize=7, rotation=30, ha="right")
        axes.set_title(kind, fontsize=9, loc="left", parse_math=False)
        _plain(axes)
    for axes in grid[len(kinds) :]:
        axes.set_visible(False)
    figure.supylabel(f"{metric}, 95 % interval", fontsize=9)
    figure.suptitle(f"{title}  (gray: undisturbed, dotted: chance)", fontsize=10, parse_math=False)
    return figure


def group_dots(
    groups: Mapping[str, Sequence[Dot]], *, title: str = "", metric: str = "macro AUROC"
) -> Figure:
    """Rows of dots with intervals, a block per attribute (sex, age …)."""
    rows = [(name, dot) for name, dots in groups.items() for dot in dots]
    if not rows:
        raise CardiolexError("no groups to draw")
    figure, axes = axes_of(7.2, 1.3 + 0.28 * len(rows), title)
    shade = dict(zip(groups, colors(len(groups)), strict=True))
    for y, (name, dot) in enumerate(reversed(rows)):
        axes.plot([dot.low, dot.high], [y, y], color=shade[name], lw=2.2, alpha=0.45)
        axes.plot([dot.value], [y], "o", color=shade[name], ms=5)
    labels = [f"{name}: {dot.label}" for name, dot in reversed(rows)]
    axes.set_yticks(range(len(rows)), labels, fontsize=8, parse_math=False)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlabel(f"{metric}, 95 % interval")
    return figure


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(color="#e6e6e6", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
