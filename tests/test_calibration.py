import json
import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cardiolex.calibration import Calibration, Platt
from cardiolex.errors import CardiolexError

FITTED = Calibration(
    fitted_on="120 recordings",
    operating_point="largest F1",
    default=Platt(scale=0.5, offset=-1.0, threshold=0.3),
    conditions={"af": Platt(scale=2.0, offset=0.25, threshold=0.6), "lbbb": Platt(offset=-3.0)},
)


def test_probabilities_are_those_of_logistic_regression():
    """Without a penalty, scikit-learn fits the same family: p = sigmoid(scale * logit + offset)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(300, 1)).astype(np.float32)
    present = rng.random(300) < 1 / (1 + np.exp(-(1.5 * logits[:, 0] - 0.7)))
    reference = LogisticRegression(C=np.inf).fit(logits, present)
    fit = Platt(scale=float(reference.coef_[0, 0]), offset=float(reference.intercept_[0]))
    got = Calibration(conditions={"af": fit}).probabilities(logits, ["af"])
    np.testing.assert_allclose(got[:, 0], reference.predict_proba(logits)[:, 1], atol=1e-6)


def test_every_column_has_its_own_fit_and_the_rest_the_default():
    logits = np.array([[-1.0, 0.0, 2.0, 2.0]], np.float32)
    (got,) = FITTED.probabilities(logits, ["af", "lbbb", "unheard of", "af"])
    margins = [2 * -1 + 0.25, 0 - 3, 0.5 * 2 - 1, 2 * 2 + 0.25]
    np.testing.assert_allclose(got, [1 / (1 + math.exp(-m)) for m in margins], rtol=1e-12)
    assert [FITTED.threshold(name) for name in ("af", "lbbb", "unheard of")] == [0.6, 0.5, 0.3]
    assert [FITTED.is_fitted(name) for name in ("af", "lbbb", "unheard of")] == [True, True, False]


def test_shapes_are_kept():
    logits = np.linspace(-3, 3, 12, dtype=np.float32).reshape(2, 3, 2)
    got = FITTED.probabilities(logits, ["af", "x"])
    assert got.shape == (2, 3, 2) and got.dtype == np.float64
    np.testing.assert_array_equal(got[1, 2], FITTED.probabilities(logits[1, 2], ["af", "x"]))


def test_without_a_fit_the_probability_is_the_networks_own():
    logits = np.array([-2.0, 0.0, 2.0], np.float32)[:, None]
    got = Calibration().probabilities(logits, ["af"])[:, 0]
    np.testing.assert_allclose(got, [0.11920292, 0.5, 0.88079708], atol=1e-8)
    assert Calibration().threshold("af") == 0.5 and not Calibration().is_fitted("af")


@pytest.mark.parametrize("name", ["af", "lbbb", "unheard of"])
def test_no_fit_changes_a_ranking_and_no_logit_leaves_the_unit_interval(name):
    logits = np.concatenate([[-1e30, -400.0], np.linspace(-15, 15, 101), [400.0, 1e30]])
    p = FITTED.probabilities(logits.astype(np.float32)[:, None], [name])[:, 0]
    assert (np.diff(p) >= 0).all() and (np.diff(p[2:-2]) > 0).all()
    assert (p >= 0).all() and (p <= 1).all()


def test_it_survives_its_file(tmp_path):
    path = tmp_path / "calibration.json"
    FITTED.save(path)
    assert Calibration.load(path) == FITTED
    assert json.loads(path.read_text())["conditions"]["af"]["threshold"] == 0.6
    assert [file.name for file in tmp_path.iterdir()] == ["calibration.json"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scale": 0.0}, "scale 0.0 must be positive"),
        ({"scale": -1.0}, "turn the ranking round"),
        ({"scale": math.nan}, "scale nan"),
        ({"scale": math.inf}, "scale inf"),
        ({"offset": math.nan}, "offset nan"),
        ({"offset": -math.inf}, "offset -inf"),
        ({"threshold": 1.2}, "threshold 1.2 is no probability"),
        ({"threshold": -0.1}, "threshold -0.1 is no probability"),
        ({"threshold": math.nan}, "threshold nan is no probability"),
    ],
)
def test_impossible_values_are_refused_in_python_and_in_files(wrong, message, tmp_path):
    with pytest.raises(CardiolexError, match=message):
        Platt(**wrong)
    path = tmp_path / "calibration.json"
    FITTED.save(path)
    content = json.loads(path.read_text())
    content["conditions"]["af"].update(wrong)
    path.write_text(json.dumps(content))
    with pytest.raises(CardiolexError, match=rf"calibration\.json: .*{message}"):
        Calibration.load(path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: c.pop("default"),
        lambda c: c.update(conditions=["af"]),
        lambda c: c["conditions"].update(af=2.0),
        lambda c: c["conditions"]["af"].update(slope=1.0),
        lambda c: c["conditions"]["af"].update(scale="steep"),
        lambda c: c["default"].update(scale=None),
    ],
)
def test_edited_files_are_refused_by_name(edit, tmp_path):
    path = tmp_path / "calibration.json"
    FITTED.save(path)
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(CardiolexError, match=r"calibration\.json: not a calibration file"):
        Calibration.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3"])
def test_what_is_no_json_object_is_refused(text, tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(CardiolexError, match=r"calibration\.json: not a calibration file"):
        Calibration.load(path)
