"""Faithfulness over many recordings, where the falls are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from cardiolex.evaluation.faithfulness import HEAD, chosen_pairs, faithfulness
from cardiolex.explanation import DeletionTest


def explained(recording, condition, method):
    """Marks of "good" take three, those of "idle" no more than random ones."""
    fall = {"good": 3.0, "idle": 0.5}[method] + recording
    test = DeletionTest((0.1,), np.array([fall]), np.full((1, 4), 0.5 + recording), "absent")
    return SimpleNamespace(deletion=test)


def test_the_difference_is_that_to_random_pieces():
    parts = np.random.default_rng(0).normal(size=40)
    given = list(parts), ["x"] * 40, [str(i) for i in range(40)]
    good, idle = faithfulness(explained, *given, ["good", "idle"])
    assert good.marked == pytest.approx(3 + parts.mean())
    assert good.random == pytest.approx(0.5 + parts.mean())
    assert (good.difference.value, good.difference.low) == pytest.approx((2.5, 2.5))
    assert good.wins == 1 and idle.wins == 0 and idle.difference.value == pytest.approx(0)
    assert good.row().count("|") == HEAD.splitlines()[0].count("|") == 8


def test_pairs_are_of_conditions_that_recordings_have():
    labels = np.array([[1, 0], [0, 0], [1, 1], [np.nan, 1]], np.float32)
    table = SimpleNamespace(labels=labels, conditions=("a", "b"), name="t")
    pairs = chosen_pairs(table, 10, seed=1)
    assert sorted(place for place, _ in pairs) == [0, 2, 3]
    assert all(labels[place, "ab".index(condition)] == 1 for place, condition in pairs)
    assert len(chosen_pairs(table, 2, seed=1)) == 2
