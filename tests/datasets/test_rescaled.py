"""A store in millivolts, read as if it had been prepared with another scale."""

from dataclasses import replace

import numpy as np
import pytest

from cardiolex.datasets.rescaled import Rescaled
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.store import Store
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import Settings


@pytest.mark.parametrize("scale", ["minmax", "zscore"])
def test_it_equals_a_store_prepared_with_that_scale(tmp_path, scale):
    vocabulary, plain = Vocabulary.load(), Preprocess(fs=250.0)
    stores = {}
    for name, preprocess in (("mv", plain), ("scaled", replace(plain, scale=scale))):
        folder = tmp_path / name
        simulate_to_store(folder, 4, preprocess=preprocess, settings=Settings(fs=250.0))
        stores[name] = Store(folder, vocabulary)
    rescaled = Rescaled(stores["mv"], scale)
    assert len(rescaled) == 4
    for index in range(4):
        want, got = stores["scaled"][index], rescaled[index]
        expected = want.ecg * np.float32(want.gain)
        assert np.abs(got.ecg - expected).max() < 5e-3 * np.abs(expected).max()
        assert (got.lead_mask == want.lead_mask).all() and got.report == want.report


def test_hidden_leads_and_padding_have_no_part(tmp_path):
    preprocess = Preprocess(fs=250.0)
    simulate_to_store(tmp_path, 1, preprocess=preprocess, settings=Settings(fs=250.0))
    example = Store(tmp_path, Vocabulary.load())[0]
    lead_mask, sample_mask = example.lead_mask.copy(), example.sample_mask.copy()
    lead_mask[3:], sample_mask[2000:] = False, False
    dirty = example.ecg.copy()
    dirty[3:], dirty[:, 2000:] = 30_000, 30_000
    shown = replace(example, ecg=dirty, lead_mask=lead_mask, sample_mask=sample_mask)
    seen = Rescaled([shown], "minmax")[0].ecg
    assert seen[:3, :2000].min() == 0 and np.isclose(seen[:3, :2000].max(), 1)
    assert not seen[3:].any() and not seen[:, 2000:].any()
