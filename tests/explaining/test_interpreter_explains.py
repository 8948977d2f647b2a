"""Explaining through the interpreter, on real recordings."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cardiolex import load, read
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.samples import samples

BY_STEM = {sample.path.stem: sample.path for sample in samples()}


@pytest.fixture(scope="module")
def bundled():
    return load(device="cpu")


@pytest.fixture(scope="module")
def explained(bundled):
    return bundled.explain(read(BY_STEM["A0074"]).crop(0, 10), "left bundle branch block")


def test_the_bundled_model_hangs_on_what_it_marks(explained):
    test = explained.deletion
    assert test.passed, test.sentence()
    assert np.all(np.diff(test.marked) > 0) and test.marked[1] > 1.0
    assert np.all(test.marked > 3 * np.abs(test.random_mean))


def test_it_speaks_of_the_same_answer_as_the_findings(bundled, explained):
    (row,) = bundled.interpret(read(BY_STEM["A0074"]).crop(0, 10), ["left bundle branch block"])
    assert explained.probability == pytest.approx(row.probability, abs=1e-4)
    assert sum(explained.by_lead().values()) == pytest.approx(1.0)
    json.dumps(explained.to_dict(), allow_nan=False)


def test_only_leads_that_were_given_are_marked(bundled):
    found = bundled.explain(
        read(BY_STEM["A0023"]).crop(0, 10), "atrial fibrillation", leads=["I", "V2"]
    )
    rows = [LEADS.index(lead) for lead in ("I", "V2")]
    others = [i for i in range(12) if i not in rows]
    assert found.relevance[:, rows].any() and not found.relevance[:, others].any()
    assert set(found.by_lead()) == {"I", "V2"}
    assert {place.lead for place in found.strongest()} <= {"I", "V2"}
    assert np.isnan(found.over_time("V1", [1.0])).all()


def twelve_seconds():
    recording = read(BY_STEM["A0023"])
    mv = np.concatenate([recording.mv, recording.mv], axis=1)
    return replace(recording, mv=mv).crop(0, 12)


def test_the_same_question_is_explained_alike_again(model):
    recording = twelve_seconds()
    first, second = (model.explain(recording, "sinus rhythm") for _ in range(2))
    assert np.array_equal(first.relevance, second.relevance)
    assert np.array_equal(first.deletion.random, second.deletion.random)
    assert first.windows == len(first.window_starts_s) == 2


def test_relevance_over_time_is_the_mean_where_windows_overlap(model):
    found = model.explain(twelve_seconds(), "sinus rhythm", method="attention")
    assert found.window_starts_s == (0.0, 2.0)
    unit = np.quantile(np.abs(found.relevance), 0.97)
    at = found.over_time("II", [0.1, 5.1, 11.1, 12.5])
    row = found.relevance[:, 1]
    expected = np.array([row[0, 0], (row[0, 25] + row[1, 15]) / 2, row[1, 45]])
    assert at[:3] == pytest.approx(np.minimum(expected / unit, 1), rel=1e-5) and np.isnan(at[3])


def test_an_unknown_method_is_refused(model):
    with pytest.raises(CardiolexError, match="attention, gradient"):
        model.explain(read(BY_STEM["A0023"]), "sinus rhythm", method="magic")
