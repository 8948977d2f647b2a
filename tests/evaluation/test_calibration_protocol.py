from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.calibration_curve import (
    brier_parts,
    reliability_curve,
    weighted_scores,
)
from cardiolex.evaluation.calibration_result import AS_GIVEN, evaluate_calibration
from cardiolex.evaluation.recalibration import fit_recalibration, fit_temperature


@pytest.fixture
def forecasts():
    rng = np.random.default_rng(0)
    p = rng.beta(0.7, 1.5, size=4000)
    return (rng.random(4000) < p).astype(float), p


def test_bins_equal_scikit_learn(forecasts):
    labels, p = forecasts
    for equal_mass, strategy in ((False, "uniform"), (True, "quantile")):
        found = reliability_curve(labels, p, equal_mass=equal_mass)
        observed, predicted = calibration_curve(labels, p, n_bins=10, strategy=strategy)
        np.testing.assert_allclose(found.observed, observed, atol=1e-9)
        np.testing.assert_allclose(found.predicted, predicted, atol=1e-9)
        assert found.count.sum() == 4000


def test_ece_of_known_errors(forecasts):
    labels, p = forecasts
    assert reliability_curve(labels, p).ece < 0.03
    half = np.full(4000, 0.5)
    assert reliability_curve(labels, half).ece == pytest.approx(abs(labels.mean() - 0.5))
    assert reliability_curve(labels, labels).ece == 0


def test_weights_are_repeated_records(forecasts):
    labels, p = (one[:200, None] for one in forecasts)
    times = np.random.default_rng(1).integers(0, 4, size=200)
    found = weighted_scores(labels, p, times[:, None].astype(float))
    y, q = (np.repeat(one, times, axis=0)[:, 0] for one in (labels, p))
    assert found["brier"][0] == pytest.approx(np.mean((y - q) ** 2))
    assert found["ece"][0] == pytest.approx(reliability_curve(y, q).ece)
    loss = -np.mean(y * np.log(q) + (1 - y) * np.log(1 - q))
    assert found["log_loss"][0] == pytest.approx(loss)


def test_brier_is_the_sum_of_its_parts_where_bins_are_pure():
    rng = np.random.default_rng(0)
    p = rng.choice([0.05, 0.35, 0.85], size=500)
    labels = (rng.random(500) < 0.4).astype(float)
    parts = brier_parts(labels, p)
    total = parts["reliability"] - parts["resolution"] + parts["uncertainty"]
    assert total == pytest.approx(np.mean((p - labels) ** 2), abs=1e-12)


def test_temperature_undoes_overconfidence(forecasts):
    labels, p = forecasts
    overconfident = expit(3.0 * logit(p))
    assert fit_temperature(labels[:, None], overconfident[:, None]) == pytest.approx(1 / 3, rel=0.1)
    better = fit_recalibration("temperature", labels[:, None], overconfident[:, None])
    turned = better(overconfident[:, None])[:, 0]
    assert (
        reliability_curve(labels, turned).ece < 0.03 < reliability_curve(labels, overconfident).ece
    )
    assert (np.diff(turned[np.argsort(overconfident)]) >= 0).all()


def test_isotonic_equals_scikit_learn_on_smoothed_targets(forecasts):
    labels, p = (one[:300] for one in forecasts)
    p = np.round(p, 2)  # ties
    n1, n0 = labels.sum(), (1 - labels).sum()
    target = np.where(labels > 0, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    expected = IsotonicRegression(out_of_bounds="clip").fit(p, target).predict(p)
    better = fit_recalibration("isotonic", labels[:, None], p[:, None])
    np.testing.assert_allclose(better(p[:, None])[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_class_with_too_few_cases_keeps_its_answers(method):
    labels = np.zeros((30, 1))
    labels[:2] = 1
    p = np.linspace(0.1, 0.9, 30)[:, None]
    np.testing.assert_array_equal(fit_recalibration(method, labels, p)(p), p)


def test_fits_are_judged_on_other_patients(answers_of):
    """Answers that are pure noise: an isotonic fit judged on itself would look better than 0.2."""
    rng = np.random.default_rng(0)
    answers = answers_of()
    blind = replace(answers, probabilities=rng.random(answers.labels.shape))
    found = evaluate_calibration(blind, resamples=50)
    brier = {one.method: one.scores["brier"].value for one in found.methods}
    known = ~np.isnan(answers.labels)
    rate = answers.labels[known].mean()
    assert brier["isotonic"] > rate * (1 - rate) - 0.01
    assert brier["platt"] <= brier[AS_GIVEN] + 1e-9 or brier["platt"] < 0.35
    assert "5 folds" in found.fitted_on and found.to_dict()["methods"][0]["method"] == AS_GIVEN


def test_patients_on_both_sides_and_flattering_fits_are_named(answers_of):
    test, valid = answers_of(), answers_of(seed=1, table="valid")
    with pytest.raises(CardiolexError, match="patients stand in valid and in demo"):
        evaluate_calibration(test, valid)
    apart = replace(valid, patients=tuple(f"q{i}" for i in range(len(valid))))
    assert "on valid" in evaluate_calibration(test, apart, resamples=10).fitted_on
    told = evaluate_calibration(
        test, model_fit="demo (60 records), other (3 records)", resamples=10
    )
    assert "flatters" in told.to_markdown()
    assert not evaluate_calibration(test, model_fit="demon (3 records)", resamples=10).warnings
