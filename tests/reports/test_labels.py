import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.reports.labels import Findings, SparseLabels, findings_from_codes, label_matrix
from cardiolex.reports.vocabulary import Vocabulary


def some_records() -> list[Findings]:
    return [
        Findings(frozenset({"complete left bundle branch block"})),
        Findings(),
        Findings(frozenset({"sinus rhythm"}), frozenset({"left ventricular hypertrophy"})),
        Findings(judged=frozenset({"atrial fibrillation"})),
    ]


def test_matrix_rows_are_label_vectors() -> None:
    v = Vocabulary.load()
    matrix = label_matrix(some_records(), v)
    assert matrix.shape == (4, len(v))
    assert matrix[0, v.index["bundle branch block"]] == 1
    assert matrix[1].sum() == 0
    assert np.isnan(matrix[2, v.index["hypertrophy"]])
    assert matrix[3, v.index["atrial fibrillation"]] == 0
    assert np.isnan(matrix[3, v.index["pericarditis"]])
    assert label_matrix([], v).shape == (0, len(v))


def test_sparse_form_round_trips_in_any_order_of_rows() -> None:
    v = Vocabulary.load()
    matrix = label_matrix(some_records(), v)
    sparse = SparseLabels.from_dense(matrix, v)
    assert len(sparse) == 4
    rows = [3, 0, 0, 2]
    np.testing.assert_array_equal(sparse.dense(rows, v), matrix[rows])
    assert sparse.dense([], v).shape == (0, len(v))


def test_sparse_labels_refuse_another_vocabulary() -> None:
    v = Vocabulary.load()
    sparse = SparseLabels.from_dense(label_matrix(some_records(), v), v)
    changed = Vocabulary.from_dict({**v.to_dict(), "version": "other"})
    with pytest.raises(CardiolexError, match="Extract the reports again"):
        sparse.dense([0], changed)
    with pytest.raises(CardiolexError, match="shape"):
        SparseLabels.from_dense(np.zeros((2, 3), dtype=np.float32), v)


def test_codes_become_findings() -> None:
    v = Vocabulary.load()
    found = findings_from_codes({"LVH": 100.0, "SR": 0.0, "NOSUCH": 0.0}, "scp", v)
    assert found.present == {"left ventricular hypertrophy", "sinus rhythm"}
    assert findings_from_codes(["164889003"], "snomed", v).present == {"atrial fibrillation"}
