"""The probe's optimum against scikit-learn, its protocol against leaks."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.linear_probe import choose_penalty, fit_probe, macro_auroc
from cardiolex.evaluation.probing import Features, Probing, cross_validated, on_split, probe_table


def made(n=120, d=6, k=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 5, d) + rng.normal(size=d)
    logits = x @ rng.normal(size=(d, k)) / 3
    y = (rng.random((n, k)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    return x, y


def test_it_is_the_optimum_that_scikit_learn_finds():
    x, y = made()
    probe = fit_probe(x, y, penalty=0.05)
    standard = (x - x.mean(0)) / x.std(0)
    for c in range(3):
        # scikit-learn: C * sum of losses + |w|^2 / 2, hence C = 1 / (n * penalty)
        other = LogisticRegression(C=1 / (len(x) * 0.05), tol=1e-10, max_iter=5000)
        other.fit(standard, y[:, c])
        np.testing.assert_allclose(probe.weights[:, c], other.coef_[0], atol=1e-4)
        decisions = other.decision_function(standard)
        np.testing.assert_allclose(probe.logits(x)[:, c], decisions, atol=1e-3)


def test_unknown_labels_take_no_part():
    x, y = made()
    y[60:, 1] = np.nan
    probe, half = fit_probe(x, y, 0.1), fit_probe(x, np.nan_to_num(y), 0.1)
    assert np.abs(probe.weights[:, 1] - half.weights[:, 1]).max() > 1e-3
    np.testing.assert_allclose(probe.weights[:, 0], half.weights[:, 0], atol=1e-5)
    y[:, 2] = np.nan
    assert np.abs(fit_probe(x, y, 0.1).weights[:, 2]).max() == 0


def test_scale_and_offset_of_features_do_not_matter():
    x, y = made()
    a = fit_probe(x, y, 0.1).logits(x)
    b = fit_probe(3e4 * x - 7, y, 0.1).logits(3e4 * x - 7)
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_penalty_is_the_best_on_the_validation_records():
    (x, y), (u, v) = made(30, 20, seed=1), made(200, 20, seed=1)
    best = choose_penalty((x, y), (u, v))
    figures = {p: macro_auroc(v, fit_probe(x, y, p).logits(u)) for p in (1e-4, 1e-2, 1.0)}
    assert macro_auroc(v, fit_probe(x, y, best).logits(u)) >= max(figures.values())


def test_what_is_no_feature_is_refused():
    x, y = made()
    x[3, 2] = np.inf
    with pytest.raises(CardiolexError, match="not finite"):
        fit_probe(x, y, 0.1)
    with pytest.raises(CardiolexError, match=r"must be \(N, D\) and \(N, K\)"):
        fit_probe(x[:5], y, 0.1)
    with pytest.raises(CardiolexError, match="share of labels 0"):
        Probing(share=0.0)


def test_a_patient_is_never_on_both_sides():
    """Features that name the patient, labels that are random: only a leak could answer."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(60), 4)
    labels = np.repeat(rng.integers(0, 2, (60, 2)), 4, axis=0).astype(np.float32)
    features = Features(np.eye(60)[people], labels, [str(p) for p in people])
    found = cross_validated(features, ["a", "b"], Probing(resamples=50), folds=5)
    assert abs(found.macro_auroc.value - 0.5) < 0.12
    leaky = Features(np.eye(60)[people], labels, [str(i) for i in range(240)])
    assert cross_validated(leaky, ["a", "b"], Probing(resamples=50)).macro_auroc.value > 0.95


def test_more_labels_help_and_the_split_of_a_table_is_kept():
    x, y = made(600, 30, seed=3)
    names, conditions = [str(i) for i in range(600)], ["a", "b", "c"]
    whole = Features(x, y, names)
    little, much = (
        cross_validated(whole, conditions, Probing("t", "m", share, draws=3, resamples=50))
        for share in (0.05, 1.0)
    )
    assert much.macro_auroc.value > little.macro_auroc.value + 0.02
    assert (much.n_train, little.n_train) == (480, 24)
    parts = [whole.take(np.arange(a, b)) for a, b in ((0, 300), (300, 400), (400, 600))]
    found = on_split(*parts, conditions, Probing("t", "m", resamples=50))
    assert (found.n_train, found.n_test, found.protocol) == (300, 200, "given split")
    assert found.macro_auroc.low < found.macro_auroc.value < found.macro_auroc.high
    text = probe_table([little, much])
    assert "5% of labels" in text and str(much.macro_auroc) in text


def test_too_few_patients_for_the_folds_is_said():
    x, y = made(8)
    with pytest.raises(CardiolexError, match="8 patients cannot be divided into 5 folds"):
        cross_validated(Features(x, y, [str(i) for i in range(8)]), ["a", "b", "c"], Probing())
