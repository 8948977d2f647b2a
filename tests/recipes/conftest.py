"""A store that recipes train on."""

import pytest

from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.simulation import Settings


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """48 simulated recordings of 10 s at 250 Hz, with reports."""
    folder = tmp_path_factory.mktemp("store")
    simulate_to_store(
        folder, 48, preprocess=Preprocess(fs=250.0), settings=Settings(fs=250.0), shard_size=16
    )
    return folder
