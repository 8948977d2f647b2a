from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.decisions import decide, decide_on_judged, measure_decisions
from cardiolex.evaluation.metrics import best_f1, confusion


def test_decisions_equal_scikit_learn(answers_of):
    answers = answers_of(noise=2.0)
    called = answers.probabilities >= 0.4
    found = measure_decisions(answers.labels, called, answers.patients, 0)
    for c in range(2):
        known = ~np.isnan(answers.labels[:, c])
        y, d = answers.labels[known, c], called[known, c]
        assert found["f1"].value[c] == pytest.approx(sk.f1_score(y, d), abs=1e-6)
        assert found["accuracy"].value[c] == pytest.approx(sk.accuracy_score(y, d), abs=1e-6)
        assert found["sensitivity"].value[c] == pytest.approx(sk.recall_score(y, d), abs=1e-6)
        specificity = sk.recall_score(y, d, pos_label=0)
        assert found["specificity"].value[c] == pytest.approx(specificity, abs=1e-6)


def test_thresholds_come_from_validation_by_name(answers_of):
    test, valid = (
        answers_of(noise=2.0),
        answers_of(noise=2.0, seed=1, table="valid", columns=(1, 0)),
    )
    found = decide(test, valid, resamples=50)
    for c, one in enumerate(found.classes):
        column = valid.conditions.index(one.condition)
        _, expected = best_f1(valid.labels[:, column], valid.probabilities[:, column])
        assert one.threshold == pytest.approx(expected)
        at = confusion(test.labels[:, c], test.probabilities[:, c], expected)
        assert one.f1.value == pytest.approx(at.f1, abs=1e-6)
        assert one.f1.low <= one.f1.value <= one.f1.high
    with pytest.raises(CardiolexError, match="valid: has no column for everywhere"):
        decide(test, valid.only(np.array([False, True])))


def test_without_validation_no_record_decides_about_its_own_patient(answers_of):
    """Labels that are pure chance: cross-fitted F1 stays at chance, the published one rises."""
    rng = np.random.default_rng(5)
    answers = answers_of()
    blind = replace(answers, probabilities=rng.random(answers.labels.shape))
    strict, published = decide(blind, resamples=20), decide_on_judged(blind, resamples=20)
    assert strict.macro["f1"].value < published.macro["f1_test_optimal"].value
    assert not set(strict.macro) & set(published.macro)  # another name for another thing
    few = replace(
        answers,
        patients=("a", "b", "c") * 20,
    )
    undecided = decide(few)
    assert undecided.classes == () and "3 patients are too few" in undecided.thresholds_from


def test_the_published_threshold_is_chosen_anew_in_every_resample(answers_of):
    answers = answers_of(noise=3.0)
    found = decide_on_judged(answers, resamples=40, seed=4)
    for c in range(2):
        best, _ = best_f1(answers.labels[:, c], answers.probabilities[:, c])
        assert found.samples["f1"].value[c] == pytest.approx(best)
    from cardiolex.evaluation.bootstrap import patient_weights

    (weights,) = patient_weights(answers.patients, len(answers), resamples=40, seed=4)
    draw = np.repeat(np.arange(len(answers)), weights[:, 7].astype(int))
    expected = best_f1(answers.labels[draw, 0], answers.probabilities[draw, 0])[0]
    assert found.samples["f1"].samples[7, 0] == pytest.approx(expected, abs=1e-9)


def test_a_class_without_positives_to_choose_on_is_named(answers_of):
    test = answers_of()
    valid = replace(answers_of(seed=1), labels=np.zeros_like(test.labels), table="valid")
    valid.labels[:5, 0] = 1
    found = decide(test, valid, resamples=10)
    assert found.undecided == ("everywhere",)
    assert [one.condition for one in found.classes] == ["rhythm"]
