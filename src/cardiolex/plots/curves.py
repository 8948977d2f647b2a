"""Curves and dots of results, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, told apart by readers with any colour vision
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
GRAY = "#8a8a8a"


@dataclass(frozen=True)
class Dot:
    """A labelled value with the ends of its interval."""

    label: str
    value: float
    low: float
    high: float


def by_number_of_leads(
    curves: Mapping[str, Mapping[int, Dot]], *, title: str = "", metric: str = "macro AUROC"
) -> Figure:
    """One curve with a band per name in `curves` (number of leads -> value).

    The dots' labels (the lead added last) stand below the axis.
    """
    if not any(curves.values()):
        raise CardiolexError("no values to draw: give at least one number of leads")
    figure, axes = axes_of(7.2, 4.2, title)
    ticks: dict[int, str] = {}
    for (name, dots), color in zip(curves.items(), colors(len(curves)), strict=True):
        numbers = sorted(dots)
        values = np.array([[dots[n].value, dots[n].low, dots[n].high] for n in numbers])
        axes.fill_between(numbers, values[:, 1], values[:, 2], color=color, alpha=0.16, lw=0)
        axes.plot(numbers, values[:, 0], "o-", color=color, ms=4, lw=1.6, label=name)
        ticks |= {n: f"{n}\n+{dots[n].label}" for n in numbers}
    axes.set_xticks(sorted(ticks), [ticks[n] for n in sorted(ticks)], fontsize=8)
    axes.set_xlabel("number of leads, and the lead added last")
    axes.set_ylabel(f"{metric}, 95 % interval")
    if len(curves) > 1:
        axes.legend(frameon=False)
    return figure


def per_class(
    dots: Sequence[Dot], *, mean: Dot | None = None, title: str = "", metric: str = "AUROC"
) -> Figure:
    """A row per class, best on top, with its interval; the mean below, as a line through all."""
    if not dots:
        raise CardiolexError("no classes to draw")
    figure, axes = row_per_dot(dots, mean, title)
    if mean is not None:
        axes.axvline(mean.value, color=COLORS[1], lw=0.8, alpha=0.6)
    axes.axvline(0.5, color=GRAY, lw=0.8, ls=":")
    lows = [dot.low for dot in (*dots, *([mean] if mean else [])) if np.isfinite(dot.low)]
    axes.set_xlim(min([0.48, *(low - 0.02 for low in lows)]), 1.005)
    axes.set_xlabel(f"{metric}, 95 % interval (dotted: chance)")
    return figure


def row_per_dot(dots: Sequence[Dot], mean: Dot | None, title: str) -> tuple[Figure, Axes]:
    """A row per dot with its interval, the largest on top; the mean below, in another colour."""
    ordered = sorted(dots, key=lambda dot: (np.isfinite(dot.value), dot.value))
    rows = ordered if mean is None else [mean, *ordered]
    figure, axes = axes_of(7.6, 1.3 + 0.24 * len(rows), title)
    for y, dot in enumerate(rows):
        color = COLORS[1] if dot is mean else COLORS[0]
        axes.plot([dot.low, dot.high], [y, y], color=color, lw=2.2, alpha=0.45)
        axes.plot([dot.value], [y], "o", color=color, ms=5)
    axes.set_yticks(range(len(rows)), [dot.label for dot in rows], fontsize=8, parse_math=False)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    return figure, axes


def roc(
    curves: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]], *, title: str = ""
) -> Figure:
    """ROC curves: name -> (false positive rate, true positive rate), both (K,)."""
    if not curves:
        raise CardiolexError("no ROC curves to draw")
    figure, axes = axes_of(5.2, 5.0, title)
    axes.plot([0, 1], [0, 1], color=GRAY, lw=0.8, ls=":")
    for (name, (wrong, found)), color in zip(curves.items(), colors(len(curves)), strict=True):
        axes.plot(wrong, found, color=color, lw=1.5, label=name)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_aspect("equal")
    axes.set_xlabel("1 - specificity")
    axes.set_ylabel("sensitivity")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def colors(count: int) -> list[str]:
    """The colours of `count` curves."""
    return [COLORS[i % len(COLORS)] for i in range(count)]


def axes_of(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """A figure of this size in inches with one bare pair of axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="both", color="#e6e6e6", lw=0.6)
    axes.set_axisbelow(True)
    if title:
        axes.set_title(title, fontsize=10, loc="left", parse_math=False)
    return figure, axes
