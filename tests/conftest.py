"""One thread per process: small tensors gain nothing from more, and busy cores make them crawl."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from tiny_bert import make_bert


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory):
    """A Hugging Face text encoder of 32 dimensions with random weights."""
    return make_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def trained(bert_folder):
    """A small model with random weights and everything that belongs to it."""
    from tiny_model import make_checkpoint

    return make_checkpoint(bert_folder)


@pytest.fixture(scope="session")
def model_folder(trained, tmp_path_factory):
    """A checkpoint folder whose answers depend visibly on the ECG, as a user has one."""
    from tiny_model import sharpened

    from cardiolex.checkpoint import save_checkpoint

    return save_checkpoint(sharpened(trained), tmp_path_factory.mktemp("models") / "sharp")


@pytest.fixture(scope="session")
def model(model_folder):
    """The same, loaded."""
    from cardiolex import load

    return load(model_folder, device="cpu")
