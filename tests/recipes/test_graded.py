import numpy as np
import pytest

from cardiolex.recipes.graded import graded
from cardiolex.recordings.measurements import NAMES

ENTITIES = (
    "sinus rhythm",
    "sinus bradycardia",
    "sinus tachycardia",
    "tachycardia",
    "first degree av block",
    "2:1 av block",
    "second degree av block type i",
    "second degree av block type ii",
    "third degree av block",
    "left axis deviation",
    "atrial fibrillation",
)


def soft(present, unknown=(), **values):
    """Graded label by name of a recording with these values."""
    labels = np.zeros((1, len(ENTITIES)), np.float32)
    labels[0, [ENTITIES.index(name) for name in present]] = 1
    labels[0, [ENTITIES.index(name) for name in unknown]] = np.nan
    measured = np.full((1, len(NAMES)), np.nan, np.float32)
    for name, value in values.items():
        measured[0, NAMES.index(name)] = value
    before = labels.copy()
    result = dict(zip(ENTITIES, graded(labels, measured, ENTITIES)[0], strict=True))
    assert np.array_equal(labels, before, equal_nan=True)  # what came in is left alone
    return result


def test_at_the_limit_half_of_the_readers_say_so_and_more_the_further_beyond():
    rates = [soft(["sinus rhythm"], heart_rate=rate) for rate in (70, 90, 100, 110, 140)]
    fast = [one["sinus tachycardia"] for one in rates]
    assert fast[2] == pytest.approx(0.5) and (np.diff(fast) > 0).all()
    assert fast[0] < 0.01 and fast[4] > 0.99
    assert rates[0]["sinus rhythm"] > 0.9 > 0.02 > rates[4]["sinus rhythm"]
    assert soft(["sinus bradycardia"], heart_rate=60)["sinus bradycardia"] == pytest.approx(0.5)


def test_only_sinus_rhythm_has_sinus_rates():
    one = soft(["atrial fibrillation"], heart_rate=130)
    assert one["sinus tachycardia"] == 0 and one["sinus rhythm"] == 0
    assert one["tachycardia"] > 0.99 and one["atrial fibrillation"] == 1


def test_a_pr_interval_counts_where_each_beat_is_conducted():
    sinus = {"heart_rate": 70, "pr_interval": 220}
    assert soft(["sinus rhythm"], **sinus)["first degree av block"] == pytest.approx(
        1 / (1 + np.exp(-2)), rel=1e-5
    )
    assert soft(["sinus rhythm", "2:1 av block"], **sinus)["first degree av block"] == 0
    assert soft(["atrial fibrillation"], **sinus)["first degree av block"] == 0
    assert soft(["sinus rhythm"], pr_interval=60.0)["first degree av block"] == 0


def test_what_is_unknown_for_another_reason_stays_unknown():
    one = soft(["sinus rhythm"], ["left axis deviation"], qrs_axis=-60)
    assert np.isnan(one["left axis deviation"])
    assert soft(["sinus rhythm"], qrs_axis=-30)["left axis deviation"] == pytest.approx(0.5)
    assert soft(["sinus rhythm"])["left axis deviation"] == 0  # no axis, as it was
