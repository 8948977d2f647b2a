import copy
import json
from dataclasses import replace

import pytest
import torch

from cardiolex.bundled import BUNDLED_MODELS
from cardiolex.checkpoint import load_checkpoint, revise, save_checkpoint
from cardiolex.errors import CardiolexError


@pytest.fixture(scope="module")
def default():
    return load_checkpoint("default", selftest=False)


@pytest.fixture(scope="module")
def moved(default):
    reader = copy.deepcopy(default.reader)
    with torch.no_grad():
        reader.weigh[2].bias += 0.25
    return replace(default, name="moved", reader=reader, card="# Moved\n")


@pytest.fixture(scope="module")
def small(moved, tmp_path_factory):
    folder = tmp_path_factory.mktemp("borrowing") / "small"
    return save_checkpoint(moved, folder, borrows="default")


def test_only_what_differs_is_written_and_the_model_is_whole(default, moved, small):
    names = {path.name for path in small.iterdir()}
    assert names == {
        "config.json",
        "reader.safetensors",
        "calibration.json",
        "selftest.npz",
        "README.md",
    }
    assert sum(path.stat().st_size for path in small.iterdir()) < 200_000
    stored = load_checkpoint(small)
    values, words = default.reader.known_values(), default.encode_queries(["lbbb"])
    assert torch.equal(stored.reader(values, words), moved.reader(values, words))
    assert not torch.equal(stored.reader(values, words), default.reader(values, words))
    assert (stored.name, stored.card) == ("moved", "# Moved\n")


def test_a_card_can_be_put_in_place(small, tmp_path):
    revised = revise(small, tmp_path / "revised", card="# New\n")
    assert load_checkpoint(revised).card == "# New\n"


def test_other_weights_than_the_lenders_cannot_be_borrowed(moved, tmp_path):
    other = replace(moved, system=copy.deepcopy(moved.system))
    with torch.no_grad():
        next(iter(other.system.parameters())).add_(1.0)
    with pytest.raises(CardiolexError, match=r"model\.safetensors .*'default'"):
        save_checkpoint(other, tmp_path / "other", borrows="default")
    assert not (tmp_path / "other").exists()


def test_beside_another_lender_it_does_not_load(default, small, tmp_path, monkeypatch):
    other = replace(default, system=copy.deepcopy(default.system))
    with torch.no_grad():
        for weights in other.system.parameters():
            weights.mul_(1.1)
    monkeypatch.setitem(BUNDLED_MODELS, "default", save_checkpoint(other, tmp_path / "other"))
    with pytest.raises(CardiolexError, match="does not compute here what it did"):
        load_checkpoint(small)


@pytest.mark.parametrize("name", ["../default", "/etc", "nobody/nothing", 3])
def test_it_borrows_from_bundled_models_alone(small, tmp_path, name):
    config = json.loads((small / "config.json").read_text())
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({**config, "borrows": name}))
    with pytest.raises(CardiolexError, match="only from the models that come with cardiolex"):
        load_checkpoint(folder)
