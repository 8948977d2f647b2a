import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.metrics import (
    auprc,
    auroc,
    best_f1,
    confusion,
    countable,
    ranking_metrics,
    roc_curve,
)


@st.composite
def classes(draw):
    """Labels with both values, scores with many ties, integer weights that keep both labels."""
    n = draw(st.integers(2, 40))
    labels = np.array(draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n)))
    labels[:2] = draw(st.permutations([0.0, 1.0]))
    levels = draw(st.integers(1, 12))
    scores = np.array(draw(st.lists(st.integers(0, levels), min_size=n, max_size=n))) / 7
    weights = np.array(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), float)
    weights[:2] += 1
    return labels, scores, weights


@settings(max_examples=300, deadline=None)
@given(classes())
def test_equal_to_scikit_learn_with_ties_and_weights(case):
    labels, scores, weights = case
    assert auroc(labels, scores) == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-9)
    expected = sk.average_precision_score(labels, scores)
    assert auprc(labels, scores) == pytest.approx(expected, abs=1e-9)
    area, precision = ranking_metrics(labels, scores, weights[:, None])
    expected = sk.roc_auc_score(labels, scores, sample_weight=weights)
    assert area[0] == pytest.approx(expected, abs=1e-9)
    expected = sk.average_precision_score(labels, scores, sample_weight=weights)
    assert precision[0] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(classes(), st.floats(0, 1))
def test_decisions_equal_scikit_learn(case, threshold):
    labels, scores, _ = case
    called = scores >= threshold
    found = confusion(labels, scores, threshold)
    tn, fp, fn, tp = sk.confusion_matrix(labels, called, labels=[0, 1]).ravel()
    assert (found.tn, found.fp, found.fn, found.tp) == (tn, fp, fn, tp)
    assert found.f1 == pytest.approx(sk.f1_score(labels, called), abs=1e-9)
    assert found.sensitivity == pytest.approx(sk.recall_score(labels, called), abs=1e-9)
    best, at = best_f1(labels, scores)
    every = [sk.f1_score(labels, scores >= t) for t in np.unique(scores)]
    assert best == pytest.approx(max(every), abs=1e-9)
    assert confusion(labels, scores, at).f1 == pytest.approx(best, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(classes())
def test_area_under_the_drawn_curve_is_the_auroc(case):
    labels, scores, _ = case
    wrong, found = roc_curve(labels, scores)
    assert (wrong[0], found[0], wrong[-1], found[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(found, wrong) == pytest.approx(auroc(labels, scores), abs=1e-9)


def test_known_answers():
    assert auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == 0.75
    assert auroc([0, 1, 0, 1], [0.5] * 4) == 0.5
    assert auprc([0, 1, 0, 1], [0.5] * 4) == 0.5
    assert auroc([0, 1], [0.2, 0.9]) == 1.0


def test_unknown_labels_do_not_count():
    labels = np.array([0, 1, np.nan, 1, 0])
    scores = np.array([0.1, 0.9, np.nan, 0.2, 0.3])
    assert auroc(labels, scores) == auroc(labels[[0, 1, 3, 4]], scores[[0, 1, 3, 4]]) == 0.75


def test_a_class_without_positives_has_no_figure_rather_than_zero():
    assert np.isnan(auroc([0, 0], [0.1, 0.2])) and np.isnan(auprc([0, 0], [0.1, 0.2]))
    assert np.isnan(auroc([1, 1], [0.1, 0.2]))
    assert np.isnan(auroc([np.nan], [0.3]))
    assert np.isnan(best_f1([0, 0], [0.1, 0.2])[0])
    assert np.isnan(confusion([0, 0], [0.1, 0.2]).sensitivity)


def test_classes_with_too_few_of_either_kind_are_told_apart():
    labels = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, np.nan, 0], [0, 0, 0]])
    kept, n_pos, n_neg = countable(labels, 3)
    assert kept.tolist() == [True, False, False]
    assert n_pos.tolist() == [3, 2, 1] and n_neg.tolist() == [3, 3, 5]
    assert countable(np.zeros((5, 1)), 0)[0].tolist() == [False]


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 2], [0.1, 0.2], "0, 1 or NaN"),
        ([0, 1], [0.1, np.nan], "finite"),
        ([0, 1, 1], [0.1, 0.2], "must be equal"),
    ],
)
def test_bad_input_is_refused(labels, scores, message):
    with pytest.raises(CardiolexError, match=message):
        auroc(labels, scores)
