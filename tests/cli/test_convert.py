"""The command that converts released weights."""

import pytest
import torch

from cardiolex.encoders.vit import ViT
from cardiolex.recordings.samples import FOLDER


@pytest.fixture
def encoder_file(tmp_path):
    """A small ViT under the released names."""
    torch.manual_seed(0)
    network = ViT(ViT.Config(width=64, depth=1, heads=1))
    names = (
        ("position", "pos_embedding"),
        ("embed", "to_patch_embedding"),
        ("blocks.0.norm1", "block0.attn.norm"),
        ("blocks.0.attention.qkv", "block0.attn.fn.to_qkv"),
        ("blocks.0.attention.out", "block0.attn.fn.to_out.0"),
        ("blocks.0.norm2", "block0.ff.norm"),
        ("blocks.0.mlp.0", "block0.ff.fn.net.0"),
        ("blocks.0.mlp.2", "block0.ff.fn.net.3"),
        ("norm.", "norm."),
    )
    weights = {}
    for name, value in network.state_dict().items():
        ours, theirs = next(pair for pair in names if name.startswith(pair[0]))
        shaped = value[None] if ours == "position" else value
        weights[name.replace(ours, theirs, 1)] = shaped
    torch.save(weights, tmp_path / "vit_encoder.pth")
    return tmp_path / "vit_encoder.pth"


def test_a_converted_encoder_embeds(call, encoder_file, tmp_path):
    model = tmp_path / "model"
    ended = call("convert", "merl", encoder_file, model, "--name", "mine 1")
    assert ended.status == 0, ended.err
    assert "mine 1; embeddings only" in ended.err
    record = next(FOLDER.rglob("*.hea"))
    ended = call("embed", record, "--model", model, "--output", tmp_path / "e.npz")
    assert ended.status == 0, ended.err
    ended = call("interpret", record, "--model", model)
    assert ended.status == 1
    assert "mine 1" in ended.err


def test_what_cannot_be_converted_or_written_is_said(call, encoder_file, tmp_path):
    ended = call("convert", "merl", tmp_path / "none.pth", tmp_path / "model")
    assert (ended.status, "cannot be read" in ended.err) == (1, True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    ended = call("convert", "merl", encoder_file, tmp_path / "full")
    assert ended.status == 1
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    assert not (tmp_path / "model").exists()
