import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.plots.curves import Dot, by_number_of_leads, per_class, roc
from cardiolex.plots.paper import render


def test_curve_shows_values_at_their_number_of_leads():
    dots = {12: Dot("V6", 0.9, 0.85, 0.93), 1: Dot("I", 0.7, 0.6, 0.8)}
    axes = by_number_of_leads({"a": dots, "b": dots}, title="cost $5").axes[0]
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [1, 12])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.7, 0.9])
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1\n+I", "12\n+V6"]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["a", "b"]


def test_classes_are_sorted_with_the_mean_below_and_every_interval_inside():
    dots = [Dot("b", 0.6, 0.3, 0.7), Dot("a", 0.9, 0.8, 0.95), Dot("c", np.nan, np.nan, np.nan)]
    figure = per_class(dots, mean=Dot("macro mean", 0.75, 0.7, 0.8))
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["macro mean", "c", "b", "a"]
    assert axes.get_xlim()[0] < 0.3
    assert render(figure, "svg").startswith(b"<?xml")


def test_roc_curves_are_drawn_with_names():
    axes = roc({"model": (np.array([0.0, 0.2, 1.0]), np.array([0.0, 0.9, 1.0]))}).axes[0]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), [0, 0.9, 1])


@pytest.mark.parametrize(
    "draw", [lambda: by_number_of_leads({}), lambda: per_class([]), lambda: roc({})]
)
def test_nothing_to_draw_is_an_error(draw):
    with pytest.raises(CardiolexError, match="no "):
        draw()
