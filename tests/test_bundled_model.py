"""The model that comes with the package, on the real recordings that come with it."""

from pathlib import Path

import pytest

from cardiolex import load, read
from cardiolex.interpreter import BUNDLED
from cardiolex.recordings.samples import sample_paths


@pytest.fixture(scope="module")
def bundled():
    return load(device="cpu")


@pytest.fixture(scope="module")
def recordings():
    return {path.stem: read(path) for path in sample_paths()}


def test_it_is_small_enough_for_a_repository():
    files = [path for path in Path(BUNDLED).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6


def test_its_card_says_what_it_was_trained_and_measured_on(bundled):
    card = bundled.checkpoint.card
    for part in ("Not a medical device", "## Trained on", "## Limits", "## Licence"):
        assert part in card
    for table in ("ptbxl-super", "ptbxl-statements", "cpsc2018", "ludb"):
        assert f"| {table} |" in card
    assert "no real recording had a part in any weight" in card


def test_it_asks_calibrated_conditions_by_default(bundled):
    fitted = bundled.checkpoint.calibration.conditions
    assert len(bundled.default_conditions) >= 20
    assert set(bundled.default_conditions) <= set(fitted)


@pytest.mark.parametrize(
    ("condition", "ill"),
    [
        ("atrial fibrillation", "A0023"),
        ("left bundle branch block", "A0074"),
        ("left ventricular hypertrophy", "00138_hr"),
        ("premature ventricular complex", "A0144"),
        ("normal ecg", "00010_hr"),
    ],
)
def test_a_recording_with_a_condition_ranks_above_most_without(bundled, recordings, condition, ill):
    scores = bundled.score(list(recordings.values()), [condition])[:, 0]
    own = scores[list(recordings).index(ill)]
    assert (scores >= own).sum() <= 3


def test_words_that_mean_the_same_get_like_answers(bundled, recordings):
    findings = bundled.interpret(recordings["A0074"], ["LBBB", "left bundle branch block"])
    assert findings["LBBB"].probability == findings["left bundle branch block"].probability


def test_its_variant_has_seen_real_recordings_and_says_which(bundled, recordings):
    adapted = load("adapted", device="cpu")
    assert adapted.checkpoint.card.count("records)") == 4
    assert "This model itself has seen all of these recordings" in adapted.checkpoint.card
    one = [recordings["A0074"]]
    assert (adapted.embed(one) == bundled.embed(one)).all()
    block, normal = adapted.interpret(one[0], ["lbbb", "normal ecg"]).rows
    assert (block.decision, normal.decision) == (True, False)
