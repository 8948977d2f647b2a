import pickle

import numpy as np
import pytest

from cardiolex.datasets.batches import collate
from cardiolex.datasets.simulated import SimulatedECGs, simulate_to_store
from cardiolex.datasets.store import Store
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import CONDITIONS, Settings, simulate

SETTINGS = Settings(fs=250.0)
PREPROCESS = Preprocess(fs=250.0)


@pytest.fixture(scope="module")
def simulated():
    return SimulatedECGs(40, Vocabulary.load(), PREPROCESS, SETTINGS, seed=3)


def test_an_item_is_the_recording_of_its_index_whoever_asks(simulated):
    for index in (0, 17):
        here, there = simulated[index], pickle.loads(pickle.dumps(simulated))[index]
        assert np.array_equal(here.ecg, there.ecg)
        truth = simulate(index, seed=3, settings=SETTINGS)
        assert here.report == truth.recording.report
        rows = [LEADS.index(lead) for lead in truth.recording.leads]
        expected = PREPROCESS.windows(truth.recording).ecg[0]
        assert np.array_equal(here.ecg[rows], expected[rows])
    later = SimulatedECGs(5, simulated.vocabulary, PREPROCESS, SETTINGS, seed=3, first=17)
    assert np.array_equal(later[0].ecg, simulated[17].ecg)
    with pytest.raises(IndexError):
        simulated[40]


def test_labels_are_the_simulators_and_unknown_where_it_is_mute(simulated):
    vocabulary = simulated.vocabulary
    judged = vocabulary.closure(CONDITIONS)
    for index in range(8):
        truth = simulate(index, seed=3, settings=SETTINGS)
        labels = dict(zip(vocabulary.names, simulated[index].labels, strict=True))
        assert all(labels[name] == 1 for name in vocabulary.closure(truth.present))
        for name in CONDITIONS:
            if name not in vocabulary.closure(truth.present) | truth.unknown:
                assert labels[name] == 0 or np.isnan(labels[name])
        assert all(np.isnan(labels[name]) for name in vocabulary.names if name not in judged)


def test_batches_have_shapes_and_known_zeros(simulated):
    batch = collate([simulated[index] for index in range(6)])
    assert batch.ecg.shape == (6, 12, 2500)
    assert batch.labels.shape == (6, len(simulated.vocabulary))
    assert all(batch.reports)
    hidden = ~(batch.lead_mask[:, :, None] & batch.sample_mask[:, None])
    assert batch.ecg[hidden].abs().sum() == 0


def test_a_store_of_simulations_holds_the_same(simulated, tmp_path):
    simulate_to_store(
        tmp_path, 10, preprocess=PREPROCESS, settings=SETTINGS, seed=3, shard_size=4, processes=2
    )
    store = Store(tmp_path, simulated.vocabulary)
    assert len(store) == 10
    for index in range(10):
        stored, made = store[index], simulated[index]
        assert np.allclose(stored.ecg * stored.gain, made.ecg, atol=0.00051)
        assert np.array_equal(stored.labels, made.labels, equal_nan=True)
        assert np.array_equal(stored.lead_mask, made.lead_mask)
        assert stored.report == made.report
