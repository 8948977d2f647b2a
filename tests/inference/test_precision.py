"""Answers in bfloat16 are those of float32 to a hundredth, and depend on nothing new."""

import numpy as np
import pytest
import torch
from recordings.making import strip
from systems.tiny_systems import made

from cardiolex import load, read
from cardiolex.errors import CardiolexError
from cardiolex.inference import precision
from cardiolex.inference.precision import bfloat16_scores
from cardiolex.interpreter import Interpreter
from cardiolex.recordings.samples import sample_paths

SAME = {"rtol": 0, "atol": 1e-4}  # of a probability, as in float32
ASKED = ("atrial fibrillation", "complete left bundle branch block", "purple heart")


@pytest.fixture(scope="module")
def rounded():
    """The bundled model in bfloat16."""
    model = load(device="cpu", precision="bfloat16")
    assert model.precision == "bfloat16"
    return model


@pytest.fixture(scope="module")
def ecgs():
    return [read(path).crop(0, 10) for path in sample_paths()[::4]]


def plain(model, recordings, conditions, leads=None):
    """The same model's answers in float32."""
    return Interpreter(model.checkpoint).score(recordings, conditions, leads)


@pytest.mark.parametrize("leads", [None, ["I"], ["II", "V1", "V5"]])
def test_answers_are_those_of_float32(rounded, ecgs, leads):
    several = [*ecgs, strip(seconds=6.1)] if leads is None else ecgs  # one is padded
    conditions = rounded.default_conditions
    off = rounded.score(several, conditions, leads) - plain(rounded, several, conditions, leads)
    assert 1e-7 < np.abs(off).max() < 0.01


def test_neighbours_and_other_questions_change_nothing(rounded, ecgs):
    several = [ecgs[0], strip(seconds=3.3, rate=120).select(["I", "V1"]), *ecgs[1:]]
    together = rounded.score(several, ASKED)
    alone = [rounded.score([one], [asked])[0, 0] for one in several[:2] for asked in ASKED]
    np.testing.assert_allclose(together[:2].ravel(), alone, **SAME)
    crowd = rounded.score(ecgs[:1], [*rounded.default_conditions, *ASKED])
    np.testing.assert_allclose(crowd[0, -3:], together[0], **SAME)


def test_the_system_itself_stays_in_float32(rounded, ecgs):
    assert {weight.dtype for weight in rounded.system.parameters()} == {torch.float32}
    explained = rounded.explain(ecgs[0].crop(0, 4), ASKED[0], leads=["I"])
    assert np.isfinite(explained.relevance).all() and np.ptp(explained.relevance) > 0


def test_float32_where_the_processor_does_not_multiply_bfloat16(rounded, monkeypatch):
    monkeypatch.setattr(precision, "is_native", lambda: False)
    assert Interpreter(rounded.checkpoint, precision="auto").precision == "float32"


def test_float32_where_a_known_input_is_answered_otherwise(rounded, model_folder, monkeypatch):
    """Weights sixteen times too large magnify every rounding."""
    monkeypatch.setattr(precision, "is_native", lambda: True)
    assert load(model_folder, device="cpu").precision == "float32"
    assert load(model_folder, device="cpu", precision="bfloat16").precision == "bfloat16"
    assert Interpreter(rounded.checkpoint, precision="auto").precision == "bfloat16"


def test_systems_without_tokens_of_leads_have_none():
    assert bfloat16_scores(made("merl")) is None
    with pytest.raises(CardiolexError, match="precision 'bfloat16'"):
        precision.chosen_scores(made("merl"), "bfloat16", torch.device("cpu"), lambda: ())
