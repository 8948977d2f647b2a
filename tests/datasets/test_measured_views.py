import numpy as np
import pytest

from cardiolex.datasets.measured import MeasuredViews, collate_views, lead_views, measure_examples
from cardiolex.datasets.simulated import SimulatedECGs
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.measurements import NAMES
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import Settings

SETTINGS = Settings(fs=250.0)


@pytest.fixture(scope="module")
def examples():
    return SimulatedECGs(5, Vocabulary.load(), Preprocess(fs=250.0), SETTINGS, seed=4)


def test_views_are_all_leads_one_and_a_few_of_those_present():
    present = np.array([lead not in ("V3", "aVR") for lead in LEADS])
    rng = np.random.default_rng(0)
    sizes = set()
    for _ in range(200):
        every, one, few = lead_views(present, rng)
        assert np.array_equal(every, present) and one.sum() == 1 and few.any()
        assert not (one & ~present).any() and not (few & ~present).any()
        sizes.add(int(few.sum()))
    assert sizes == set(range(2, 9))


def test_an_interrupted_run_goes_on_and_gives_the_same_values(examples, tmp_path):
    whole = measure_examples(tmp_path / "whole", examples, 250.0, seed=1, part=2)
    part = tmp_path / "part"
    measure_examples(part, examples, 250.0, seed=1, part=2)
    for path in sorted(part.glob("part-*.npy"))[1:]:
        path.unlink()
    kept = next(part.glob("part-*.npy")).stat().st_mtime_ns
    steps = []
    again = measure_examples(
        part,
        examples,
        250.0,
        seed=1,
        part=2,
        processes=2,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert next(iter(sorted(part.glob("part-*.npy")))).stat().st_mtime_ns == kept
    assert steps == [(4, 5), (5, 5)]  # by two processes now
    assert len(again) == len(whole) == 15
    for index in (0, 7, 14):
        for one, other in zip(again[index], whole[index], strict=True):
            assert one.tobytes() == other.tobytes()


def test_labels_come_back_with_what_is_unknown(examples, tmp_path):
    views = measure_examples(tmp_path, examples, 250.0)
    batch = collate_views([views[index] for index in range(15)])
    assert batch.measured.shape == (15, len(NAMES))
    for number in range(5):
        expected = examples[number].labels
        for view in range(3):
            row = batch.labels[3 * number + view].numpy()
            assert np.array_equal(row, expected, equal_nan=True)
            every = batch.measured[3 * number].numpy()
            assert np.array_equal(batch.whole[3 * number + view].numpy(), every, equal_nan=True)
    present = np.array([(examples[n].labels == 1) for n in range(5)]).any(axis=0)
    assert np.array_equal(views.positives(), present)
    assert views.known()[present].all()


def test_a_folder_of_other_recordings_is_refused_and_an_empty_one_is_said(examples, tmp_path):
    measure_examples(tmp_path / "a", examples, 250.0, seed=1)
    with pytest.raises(CardiolexError, match=r"begun with other recordings.*source\.json"):
        measure_examples(tmp_path / "a", examples, 250.0, seed=2)
    with pytest.raises(CardiolexError, match="no measured recordings"):
        MeasuredViews(tmp_path)


def test_values_of_another_measurer_are_not_gone_on_with(examples, tmp_path, monkeypatch):
    measure_examples(tmp_path / "a", examples, 250.0, seed=1)
    monkeypatch.setattr("cardiolex.datasets.measured.VERSION", -1)
    with pytest.raises(CardiolexError, match="a measurer of another version"):
        measure_examples(tmp_path / "a", examples, 250.0, seed=1)
