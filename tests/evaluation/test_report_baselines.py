from collections import Counter

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.report_baselines import (
    most_frequent,
    most_frequent_of_others,
    nearest,
    nearest_of_others,
)


def test_the_most_frequent_report_whatever_its_case():
    assert most_frequent(["b", "A a", "a  A", "c"]) == "A a"
    assert most_frequent(["b", "a"]) == "b"
    with pytest.raises(CardiolexError, match="no report"):
        most_frequent([])


def test_own_reports_do_not_count():
    """Patient p holds most of the "a": for p, the most frequent of the others is "b"."""
    reports, patients = list("aaaabbc"), list("pppqqrr")
    assert most_frequent_of_others(reports, patients) == ["b"] * 3 + ["a"] * 4


def test_agrees_with_counting_the_others_one_by_one():
    rng = np.random.default_rng(0)
    reports = [str(n) for n in rng.integers(5, size=60)]
    patients = [str(n) for n in rng.integers(12, size=60)]
    found = most_frequent_of_others(reports, patients)
    for patient, text in zip(patients, found, strict=True):
        others = Counter(r for r, p in zip(reports, patients, strict=True) if p != patient)
        assert others[text] == max(others.values())


def test_nearest_reports():
    gallery = np.eye(3, dtype=np.float32)
    queries = np.array([[0.1, 0.9, 0], [0, 0.2, 0.7]], np.float32)
    assert nearest(queries, gallery, ["a", "b", "c"]) == ["b", "c"]


def test_nearest_reports_of_other_patients():
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.5, 0.5]], np.float32)
    found = nearest_of_others(vectors, vectors, list("abcd"), list("ppqr"))
    assert found == ["d", "d", "d", "b"]


def test_one_patient_alone_has_no_others():
    for choose in (
        lambda: most_frequent_of_others(["a", "b"], ["p", "p"]),
        lambda: nearest_of_others(np.eye(2), np.eye(2), ["a", "b"], ["p", "p"]),
    ):
        with pytest.raises(CardiolexError, match="one patient alone"):
            choose()
