import time

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from cardiolex.errors import CardiolexError
from cardiolex.evaluation import bootstrap as module
from cardiolex.evaluation.bootstrap import Estimate, bootstrap, estimate, paired_difference


def gaussians(rng, n=200, shift=1.0, classes=1):
    """Two normal distributions `shift` apart: the true AUROC is Phi(shift / sqrt 2)."""
    labels = (rng.random((n, classes)) < 0.3).astype(float)
    return labels, rng.normal(size=labels.shape) + shift * labels


def test_intervals_cover_the_true_area_about_as_often_as_they_say():
    truth, inside = norm.cdf(1 / np.sqrt(2)), []
    for seed in range(150):
        labels, scores = gaussians(np.random.default_rng(seed))
        found = bootstrap(labels, scores, resamples=300, seed=seed)[0].of_class(0)
        inside.append(found.low <= truth <= found.high)
    assert 0.88 <= np.mean(inside) <= 0.99


def test_width_agrees_with_hanley_and_mcneil():
    """Radiology 1982;143:29-36, equation 2, for the standard error of an AUROC."""
    labels, scores = gaussians(np.random.default_rng(3), n=1500)
    found = bootstrap(labels, scores, resamples=600)[0]
    area, n1 = found.value[0], labels.sum()
    n0 = len(labels) - n1
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)
    assert found.samples[:, 0].std() == pytest.approx(np.sqrt(variance / n1 / n0), rel=0.12)


def test_each_resample_equals_scikit_learn_on_the_records_drawn(monkeypatch):
    labels, scores = gaussians(np.random.default_rng(5), n=60)
    scores = np.round(scores, 1)
    patients = [str(i // 3) for i in range(60)]
    drawn = []
    original = module._weights
    monkeypatch.setattr(module, "_weights", lambda *a: (drawn.append(w) or w for w in original(*a)))
    auroc, auprc = bootstrap(labels, scores, patients, resamples=30)
    weights = np.concatenate(drawn, axis=1)
    assert (weights.reshape(20, 3, 30).std(axis=1) == 0).all()  # patients stay whole
    assert (weights.sum(axis=0) == 60).all()
    for r in range(30):
        again = np.repeat(np.arange(60), weights[:, r].astype(int))
        y, s = labels[again, 0], scores[again, 0]
        assert auroc.samples[r, 0] == pytest.approx(roc_auc_score(y, s), abs=1e-5)
        assert auprc.samples[r, 0] == pytest.approx(average_precision_score(y, s), abs=1e-5)


def test_repeated_records_of_a_patient_do_not_narrow_the_interval():
    labels, scores = gaussians(np.random.default_rng(1), n=100)
    five = [np.repeat(a, 5, axis=0) for a in (labels, scores)]
    patients = [str(i) for i in np.repeat(np.arange(100), 5)]
    once = bootstrap(labels, scores)[0].samples.std()
    naive = bootstrap(*five)[0].samples.std()
    assert bootstrap(*five, patients)[0].samples.std() == pytest.approx(once, rel=0.1)
    assert naive < 0.6 * once


def test_same_seed_same_samples_whatever_the_chunks(monkeypatch):
    labels, scores = gaussians(np.random.default_rng(2), n=90, classes=3)
    first = bootstrap(labels, scores, resamples=120, seed=7)[0].samples
    other = bootstrap(labels, scores, resamples=120, seed=8)[0].samples
    monkeypatch.setattr(module, "_CHUNK_WEIGHTS", 1)
    again = bootstrap(labels, scores, resamples=120, seed=7)[0].samples
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_class_that_vanishes_in_a_resample_is_left_aside_there():
    labels = np.zeros((40, 2))
    labels[0, 0] = labels[:20, 1] = 1
    scores = np.random.default_rng(0).random((40, 2))
    found = bootstrap(labels, scores, resamples=200)[0]
    assert 0.2 < np.isnan(found.samples[:, 0]).mean() < 0.55  # (1 - 1/40)^40 = 0.36
    assert np.isfinite(found.macro().low)
    assert found.macro().value == pytest.approx(found.value.mean())


def test_class_without_positives_stays_open_and_does_not_pull_the_macro_mean():
    labels = np.array([[0, 1], [0, 0], [0, 1], [0, 0]], float)
    scores = np.array([[0.1, 0.9], [0.2, 0.1], [0.3, 0.8], [0.4, 0.2]])
    found = bootstrap(labels, scores, resamples=50)[0]
    assert np.isnan(found.of_class(0).value) and np.isnan(found.of_class(0).low)
    assert found.macro().value == 1.0
    assert found.of_class(0).to_dict() == {"value": None, "low": None, "high": None}
    assert np.isnan(found.macro(classes=[]).value)


def test_paired_difference_is_narrower_than_unpaired_and_zero_for_equal_models():
    rng = np.random.default_rng(4)
    labels, scores = gaussians(rng, n=300)
    better = scores + 0.4 * labels + 0.1 * rng.normal(size=scores.shape)
    difference = paired_difference(labels, better, scores)[0]
    a, b = (bootstrap(labels, s)[0].samples for s in (better, scores))
    assert difference.macro().low > 0
    assert difference.samples.std() < 0.6 * np.sqrt(a.var() + b.var())
    same = paired_difference(labels, scores, 3 * scores)[0].macro()
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_unknown_labels_are_left_out_per_class():
    labels, scores = gaussians(np.random.default_rng(6), n=80, classes=2)
    labels[::4, 0] = np.nan
    kept = ~np.isnan(labels[:, 0])
    found = bootstrap(labels, scores, resamples=20)[0].value
    assert found[0] == pytest.approx(roc_auc_score(labels[kept, 0], scores[kept, 0]))
    assert found[1] == pytest.approx(roc_auc_score(labels[:, 1], scores[:, 1]))


def test_thousand_resamples_of_44_classes_are_quick():
    labels, scores = gaussians(np.random.default_rng(9), n=2200, classes=44)
    start = time.process_time()
    bootstrap(labels, scores)
    assert time.process_time() - start < 6  # about 1 s on an idle core


def test_bad_input_is_refused():
    with pytest.raises(CardiolexError, match="must be equal"):
        bootstrap(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(CardiolexError, match="2 patients given for 3 records"):
        bootstrap(np.zeros((3, 1)), np.zeros((3, 1)), ["a", "b"])
    with pytest.raises(CardiolexError, match="no records"):
        bootstrap(np.zeros((0, 1)), np.zeros((0, 1)))
    with pytest.raises(CardiolexError, match="between 0 and 1"):
        estimate(0.5, np.array([0.4, 0.6]), 95)


def test_estimate_reads_as_value_and_interval():
    assert str(Estimate(0.81234, 0.7, 0.9)) == "0.812 (0.700-0.900)"
