import json

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.ranking import first_relevant
from cardiolex.evaluation.report_table import ReportTable
from cardiolex.evaluation.retrieval import Pairs, evaluate_retrieval, measure, weighted_median

REPORTS = ("Sinus rhythm.", "sinus  rhythm.", "Atrial fibrillation.", "LBBB.", "Pacemaker.")


def table(reports=REPORTS, patients=None):
    records = tuple(f"r{n}.hea" for n in range(len(reports)))
    return ReportTable("made", records, tuple(reports), patients)


def basis(places, size=5):
    return np.eye(size, dtype=np.float32)[places]


def test_identical_reports_are_hits_and_the_strict_figure_shares_the_tie():
    """Every recording lies on its report; the two sinus reports lie on one another."""
    vectors = basis([0, 0, 1, 2, 3])
    result = evaluate_retrieval(Pairs(table(), vectors, vectors), resamples=20)
    same = result.of("ECG to report", "the same words")
    assert same.recall[1].value == 1 and same.median_rank.value == 1
    own = result.of("ECG to report", "its own only")
    assert own.recall[1].value == pytest.approx((0.5 + 0.5 + 1 + 1 + 1) / 5)
    assert own.recall[5].value == 1
    assert own.chance[1] == pytest.approx(1 / 5) and own.chance_median_rank == 3
    assert same.chance[1] == pytest.approx((2 / 5 * 2 + 1 / 5 * 3) / 5)
    assert result.n_reports == 4


def test_directions_are_told_apart():
    """Recording 0 lies at report 1; of the reports, only 1 is nearest to a recording not its own"""
    ecg, text = basis([1, 3, 2]), basis([0, 1, 2])
    names = ("a.", "b.", "c.")
    result = evaluate_retrieval(Pairs(table(names), ecg, text), resamples=20)
    there = result.of("ECG to report", "its own only")
    np.testing.assert_allclose(there.recall[1].value, (0 + 1 / 3 + 1) / 3)
    back = result.of("report to ECG", "its own only")
    np.testing.assert_allclose(back.recall[1].value, (1 / 3 + 0 + 1) / 3)


def test_recordings_like_a_recording():
    vectors = basis([0, 0, 1, 1, 2])
    found = [frozenset("a"), frozenset("a"), frozenset("b"), frozenset("c"), frozenset()]
    patients = ("p", "q", "r", "r", "r")
    result = evaluate_retrieval(Pairs(table(patients=patients), vectors, None, found), resamples=20)
    assert [one.direction for one in result.figures] == ["ECG to ECG"] * 2
    alike = result.of("ECG to ECG", "the same findings")
    assert (alike.n_queries, alike.n_without, alike.n_gallery) == (2, 3, 4)
    assert alike.recall[1].value == 1
    same = result.of("ECG to ECG", "the same patient")
    assert same.n_queries == 3 and same.n_without == 2
    # 2 finds 3 first, 3 finds 2; for 4 all others tie, and two of four are of its patient
    assert same.recall[1].value == pytest.approx((1 + 1 + 0.5) / 3)


def test_reports_that_state_nothing_are_no_one_s_equals():
    vectors = basis([0, 0])
    pairs = Pairs(table(("?", "trace only")), vectors, None, [frozenset(), frozenset()])
    (figures,) = evaluate_retrieval(pairs, resamples=5).figures
    assert figures.n_queries == 0 and np.isnan(figures.recall[1].value)
    assert json.dumps(figures.to_dict(), allow_nan=False)


def test_intervals_are_by_patient():
    """Of two patients, one is always found: with few patients the interval spans everything."""
    places = np.arange(200) % 2
    vectors = basis(places, 2)
    wrong = vectors.copy()
    wrong[100:] = vectors[100:, ::-1]
    groups = places
    ranks = first_relevant(wrong, vectors, groups, groups)
    by_patient = measure("d", "h", ranks, ["a"] * 100 + ["b"] * 100, resamples=200)
    alone = measure("d", "h", ranks, [str(n) for n in range(200)], resamples=200)
    assert by_patient.recall[1].value == alone.recall[1].value == 0.5
    assert (by_patient.recall[1].low, by_patient.recall[1].high) == (0, 1)
    assert 0.38 < alone.recall[1].low < 0.48 < 0.52 < alone.recall[1].high < 0.62


def test_the_weighted_median_is_the_median_of_repeated_values():
    rng = np.random.default_rng(3)
    for size in (1, 2, 7, 10):
        values = rng.integers(5, size=size).astype(float)
        weights = rng.integers(0, 4, size=(size, 30)).astype(np.float32)
        weights[0] += weights.sum(axis=0) == 0
        want = [np.median(np.repeat(values, w.astype(int))) for w in weights.T]
        np.testing.assert_allclose(weighted_median(values, weights), want)


def test_the_order_of_the_table_changes_no_figure():
    rng = np.random.default_rng(4)
    ecg = rng.normal(size=(40, 6)).astype(np.float32)
    text = ecg + rng.normal(size=ecg.shape).astype(np.float32)
    ecg, text = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (ecg, text))
    reports = [f"report {n % 17}" for n in range(40)]
    first = evaluate_retrieval(Pairs(table(reports), ecg, text), resamples=5)
    order = rng.permutation(40)
    moved = table([reports[i] for i in order])
    again = evaluate_retrieval(Pairs(moved, ecg[order], text[order]), resamples=5)
    for one, other in zip(first.figures, again.figures, strict=True):
        assert {k: e.value for k, e in one.recall.items()} == pytest.approx(
            {k: e.value for k, e in other.recall.items()}
        )
        assert one.median_rank.value == other.median_rank.value


def test_files_hold_what_was_printed(tmp_path):
    vectors = basis([0, 0, 1, 2, 3])
    result = evaluate_retrieval(
        Pairs(table(), vectors, vectors), model="m", unreadable=[("x.hea", "broken")], resamples=20
    )
    written = result.write(tmp_path)
    assert [path.name for path in written] == [f"made-retrieval.{e}" for e in ("json", "md", "csv")]
    content = json.loads(written[0].read_text())
    assert content["figures"][0]["recall"]["1"]["value"] == 1
    assert content["unreadable"] == [{"record": "x.hea", "reason": "broken"}]
    assert "x.hea (broken)" in written[1].read_text()
    assert len(written[2].read_text().splitlines()) == 1 + len(result.figures)


def test_vectors_that_do_not_belong_to_the_table_are_refused():
    with pytest.raises(CardiolexError, match="3 reports given for 5 records"):
        Pairs(table(), basis([0, 1, 2, 3, 4]), basis([0, 1, 2]))
