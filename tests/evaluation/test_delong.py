import numpy as np
import pytest
from scipy.stats import norm

from cardiolex.evaluation.delong import auroc_covariance, delong
from cardiolex.evaluation.paired import bootstrap_p, compare_paired, holm_corrected


def kernel(x, y):
    """psi of DeLong et al.: 1, 1/2 or 0, pair by pair."""
    return (y[None, :] < x[:, None]) + 0.5 * (y[None, :] == x[:, None])


def covariance_pair_by_pair(labels, scores):
    """DeLong, DeLong & Clarke-Pearson (1988), as printed, over all pairs and without ranks."""
    v10, v01, areas = [], [], []
    for one in scores:
        psi = kernel(one[labels == 1], one[labels == 0])
        areas.append(psi.mean())
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    m, n = (labels == 1).sum(), (labels == 0).sum()
    return np.array(areas), np.cov(v10) / m + np.cov(v01) / n


@pytest.fixture
def case():
    rng = np.random.default_rng(3)
    labels = (rng.random(70) < 0.3).astype(float)
    first = np.round(labels + rng.normal(size=70), 1)  # ties
    second = np.round(0.5 * labels + 0.5 * first + rng.normal(size=70), 1)
    return labels, first, second


def test_ranks_give_what_all_pairs_give(case):
    labels, first, second = case
    areas, covariance = auroc_covariance(labels, [first, second])
    expected, slow = covariance_pair_by_pair(labels, [first, second])
    np.testing.assert_allclose(areas, expected, atol=1e-12)
    np.testing.assert_allclose(covariance, slow, atol=1e-12)
    found = delong(labels, first, second)
    z = (expected[0] - expected[1]) / np.sqrt(slow[0, 0] + slow[1, 1] - 2 * slow[0, 1])
    assert found.p == pytest.approx(2 * norm.sf(abs(z)), abs=1e-12)


def test_unknown_labels_take_no_part(case):
    labels, first, second = case
    more = [np.append(one, [9.0, -9.0]) for one in (first, second)]
    assert delong(np.append(labels, [np.nan, np.nan]), *more) == delong(labels, first, second)


def test_recordings_that_are_copies_of_one_patient_add_nothing(case):
    """The variance is that of the patients, not of their recordings; DeLong's own would halve."""
    labels, first, second = case
    people = [f"p{i}" for i in range(len(labels))]
    once = delong(labels, first, second, people)
    twice = delong(*(np.tile(one, 2) for one in case), people * 2)
    assert twice.difference == pytest.approx(once.difference, abs=1e-12)
    assert twice.standard_error == pytest.approx(once.standard_error, rel=1e-9)
    assert once.standard_error == pytest.approx(delong(labels, first, second).standard_error)
    naive = delong(*(np.tile(one, 2) for one in case))
    assert naive.standard_error < 0.75 * once.standard_error


def test_p_values_are_uniform_where_nothing_differs():
    rng = np.random.default_rng(0)
    labels = np.repeat([1.0, 0.0], [40, 60])
    ps = []
    for _ in range(400):
        common = labels + rng.normal(size=100)
        first, second = (common + rng.normal(size=100) for _ in range(2))
        ps.append(delong(labels, first, second).p)
    assert 0.02 < np.mean(np.array(ps) < 0.05) < 0.085
    assert 0.42 < np.mean(np.array(ps) < 0.5) < 0.58


def test_one_kind_of_label_says_nothing_and_equal_systems_do_not_differ(case):
    labels, first, _ = case
    assert np.isnan(delong(np.zeros(5), first[:5], first[:5]).p)
    assert np.isnan(delong(labels, labels, np.zeros_like(labels)).p)  # nothing varies
    same = delong(labels, first, first)
    assert (same.difference, same.p) == (0.0, 1.0)


def test_holm_steps_down():
    found = holm_corrected([0.01, 0.04, np.nan, 0.03])
    np.testing.assert_allclose(found, [0.03, 0.06, np.nan, 0.06])


def test_bootstrap_p_is_never_zero():
    assert bootstrap_p(np.full(999, 0.2)) == pytest.approx(2 / 1000)
    assert bootstrap_p(np.array([-1.0, 1.0])) == 1.0


def test_two_systems_on_one_table(answers_of):
    strong, weak = answers_of(noise=0.3), answers_of(noise=3.0)
    found = compare_paired(strong, weak, resamples=200)
    assert found.macro_difference.low > 0 and found.p < 0.05
    for one in found.classes:
        interval = one.delong.interval()
        assert interval.value == pytest.approx(one.difference.value, abs=1e-6)
        assert interval.low == pytest.approx(one.difference.low, abs=0.06)
    assert "rhythm" in found.to_markdown()
