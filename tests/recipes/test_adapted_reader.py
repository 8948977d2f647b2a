from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cardiolex import read
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.loading import LoadedTable
from cardiolex.evaluation.truth import TruthTable
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recipes.adapted_reader import (
    Adapting,
    _balanced,
    adapted,
    answers,
    gains,
    left_out,
)
from cardiolex.recipes.labelled_views import LabelledViews, labelled_views
from cardiolex.recordings.samples import sample_paths

RECORDS, VALUES = 90, 4
HOW = Adapting(steps=60, batch_size=128, lr=2e-2, pull=0.1, full=10)


def make_reader():
    torch.manual_seed(0)
    config = MeasurementReader.Config(bins=4, width=32, hidden=16)
    return MeasurementReader(config, VALUES, query_dim=6).eval()


@pytest.fixture(scope="module")
def reader():
    return make_reader()


@pytest.fixture(scope="module")
def views():
    """Two conditions, each told by one value of which the reader and the signal know nothing."""
    rng = np.random.default_rng(0)
    values = rng.random((RECORDS, VALUES)).astype(np.float32)
    labels = (values[:, :2] > 0.6).astype(np.float32)
    labels[:5, 1] = np.nan
    record = np.repeat(np.arange(RECORDS), 3)
    measured = torch.from_numpy(values[record])
    measured[-1] = torch.nan  # of the last view nothing could be measured
    return LabelledViews(
        conditions=("a", "b"),
        queries=torch.from_numpy(rng.normal(size=(2, 6)).astype(np.float32)),
        records=tuple(f"r{k}" for k in range(RECORDS)),
        patients=tuple(f"p{k // 2}" for k in range(RECORDS)),
        signal=torch.from_numpy(rng.normal(0, 0.3, (len(record), 2)).astype(np.float32)),
        measured=measured,
        labels=torch.from_numpy(labels[record]),
        record=record,
        kind=np.tile(np.arange(3), RECORDS),
    )


def test_what_was_learned_serves_patients_that_were_left_out(reader, views):
    before, after = answers(reader, views), left_out(reader, views, 3, HOW)
    all_leads, one_lead = gains(views, before, after, resamples=50)
    assert (all_leads.views, one_lead.views) == ("all leads", "one lead")
    for one in (all_leads, one_lead):
        assert one.conditions == 2 and one.difference.low > 0.05
        assert one.after.value - one.before.value == pytest.approx(one.difference.value)


def test_no_answer_depends_on_labels_of_its_own_patient(reader, views):
    theirs = np.isin(views.record, [0, 1])  # both records of patient p0
    other = views.labels.clone()
    other[theirs] = 1 - other[theirs]
    first, second = (left_out(reader, one, 3, HOW) for one in (views, replace(views, labels=other)))
    assert np.array_equal(first[theirs], second[theirs])
    assert not np.array_equal(first, second)


def test_only_the_last_layer_moves_and_the_reader_given_stays_as_it_was(reader, views):
    before = {name: value.clone() for name, value in reader.state_dict().items()}
    after = adapted(reader, views, HOW).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {"weigh.2.weight", "weigh.2.bias"}
    assert all(torch.equal(value, before[name]) for name, value in reader.state_dict().items())


def test_a_strong_pull_holds_the_layer_where_it_was(reader, views):
    def moved(pull):
        made = adapted(reader, views, replace(HOW, pull=pull))
        return float((made.weigh[2].weight - reader.weigh[2].weight).detach().norm())

    assert moved(1e4) < 0.1 * moved(0.0)


def test_where_nothing_was_measured_the_signal_answers_as_before(reader, views):
    made = adapted(reader, views, HOW)
    assert np.array_equal(answers(made, views)[-1], views.signal[-1].numpy())


def test_positives_and_negatives_of_a_condition_weigh_alike_and_unknown_labels_nothing():
    labels = torch.tensor([[1.0, 0, 1], [0, 0, torch.nan], [0, 0, 0], [0, torch.nan, 0]])
    weights = _balanced(labels, full=4)
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights[0, 0]) == pytest.approx(float(weights[1:, 0].sum()))
    assert weights[:, 1].tolist() == [0, 0, 0, 0]  # no positive: nothing to tell apart
    assert float(weights[1, 2]) == 0


def test_a_recording_of_two_tables_is_one_and_tables_may_not_contradict_each_other(trained):
    recording = read(sample_paths()[0])

    def table(name, **labels):
        values = np.array([list(labels.values())], np.float32)
        conditions = tuple(label.replace("_", " ") for label in labels)
        truth = TruthTable(name, Path("/ecgs"), ("one",), conditions, values, ("mr x",))
        return LoadedTable(truth, (recording,), np.array([0]), ())

    first = table("first", atrial_fibrillation=1, normal_ecg=0)
    views = labelled_views(trained, [first, table("second", AF=1, paced_rhythm=0)])
    assert views.records == (str(Path("/ecgs/one")),) and views.patients == ("mr x",)
    assert views.conditions == ("atrial fibrillation", "normal ecg", "paced rhythm")
    assert views.labels[0].tolist() == [1, 0, 0] and views.kind.tolist() == [0, 1, 2]
    assert len(views.measured) == 3 and not torch.equal(views.signal[0], views.signal[1])
    with pytest.raises(CardiolexError, match="'atrial fibrillation' is 0 in one table and 1 in"):
        labelled_views(trained, [first, table("second", AF=0)])


def test_too_few_patients_or_labels_are_refused(reader, views):
    with pytest.raises(CardiolexError, match="45 patients: too few for 50 folds"):
        left_out(reader, views, 50, HOW)
    none = replace(views, labels=torch.zeros_like(views.labels))
    scores = answers(reader, none)
    with pytest.raises(CardiolexError, match="no condition has three positive"):
        gains(none, scores, scores)
