"""ECG-only methods from a store to a checkpoint that embeds and says what it cannot."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

from cardiolex import load, simulation
from cardiolex.checkpoint import load_checkpoint
from cardiolex.cli.commands import PRETRAIN
from cardiolex.encoders.vit import ViT
from cardiolex.errors import CardiolexError
from cardiolex.recipes import ecg_only
from cardiolex.recipes.pretrain import pretrain
from cardiolex.systems.simclr import SimCLR

BRIEF = {"batch_size": 8, "steps": 3, "log_every": 1, "validate_every": 2, "save_every": 2}
SMALL = {"encoder": {"width": 2}, "hidden": 16, "projection": 16}
LAYERS = {"width": 16, "depth": 1, "heads": 2}
OWN = {
    "cpc": {"encoder": {"channels": 8, "width": 16, "layers": 1}, "negatives": 16},
    "crt": {"encoder": LAYERS, "decoder": {"depth": 1}},
    "heartlang_tokenizer": {
        "beats": {"detector": "energy"},
        "tokenizer": {"encoder": LAYERS, "book": {"codes": 8, "width": 4}, "decoder_depth": 1},
    },
    "st_mem": {"encoder": LAYERS, "decoder": LAYERS},
    "wav2vec2_cmsc": {"encoder": {**LAYERS, "channels": 8, "position_groups": 2}},
}


def configured(key: str, store, output, **changes):
    fields = type(ecg_only.METHODS[key].system).model_fields
    settings = {
        "store": store,
        "output": output,
        "held_out": 0.2,
        "device": "cpu",
        "system": OWN.get(key) or {n: value for n, value in SMALL.items() if n in fields},
        "trainer": BRIEF,
    }
    return ecg_only.RUNS[key].model_validate({**settings, **changes})


def test_every_method_has_a_command():
    places = {one.function for one in PRETRAIN.values()}
    assert {f"cardiolex.recipes.ecg_only:{key}" for key in ecg_only.METHODS} <= places


@pytest.mark.parametrize("key", sorted(ecg_only.METHODS))
def test_a_method_trains_embeds_and_answers_nothing(key, store, tmp_path):
    config = configured(key, store, tmp_path)
    assert pretrain(ecg_only.run(config), tmp_path, "cpu") == tmp_path / "model"
    checkpoint = load_checkpoint(tmp_path / "model")  # its self-test is of embeddings
    assert (checkpoint.system_name, checkpoint.text, checkpoint.seen) == (key, None, frozenset())
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    logged = {name for row in rows for name in row}
    assert {"loss", "feature_std", "effective_rank", "held_out_loss"} <= logged
    model = load(tmp_path / "model")
    recording = simulation.simulate(0).recording
    assert model.embed([recording]).shape == (1, checkpoint.system.encoder.dim)
    with pytest.raises(CardiolexError, match="has no text encoder, so it understands no words"):
        model.interpret(recording, ["atrial fibrillation"])


def test_a_run_that_was_stopped_ends_with_the_same_weights(store, tmp_path):
    run = ecg_only.run(configured("byol", store, tmp_path))
    whole = load_file(pretrain(run, tmp_path, "cpu") / "model.safetensors")
    shutil.rmtree(sorted((tmp_path / "training").glob("step-*"))[-1])  # as if stopped at step 2
    again = load_file(pretrain(run, tmp_path, "cpu") / "model.safetensors")
    assert any(name.startswith("slow_encoder.") for name in whole)
    assert all(torch.equal(again[name], value) for name, value in whole.items())


def test_the_store_decides_on_lengths_and_a_variant_on_the_encoder(store, tmp_path):
    system = ecg_only.run(configured("simclr", store, tmp_path, system={})).system
    assert (system.encoder.samples, system.views.fs, system.encoder.depth) == (2500, 250.0, 18)
    vit = configured("moco_v3", store, tmp_path, system={}, variant="vit-tiny", trainer={})
    assert (vit.trainer.lr, vit.trainer.weight_decay, vit.trainer.batch_size) == (1.5e-4, 0.1, 256)
    encoder = ecg_only.run(vit).system.encoder
    assert isinstance(encoder, ViT.Config)
    assert (encoder.width, encoder.depth, encoder.samples, encoder.segment_samples) == (
        192,
        12,
        2500,
        25,
    )


def test_published_settings_are_the_default(tmp_path):
    given = {"store": tmp_path, "output": tmp_path}
    runs = {key: made(**given) for key, made in ecg_only.RUNS.items()}
    assert isinstance(runs["simclr"].system, SimCLR.Config)
    assert runs["byol"].system.momentum == 0.996
    assert (runs["moco_v3"].system.momentum, runs["moco_v3"].system.temperature) == (0.99, 0.2)
    assert runs["barlow_twins"].system.off_diagonal_weight == 0.005
    assert (runs["simsiam"].system.projection, runs["simsiam"].system.hidden) == (2048, 512)
    for run in (runs["simclr"], runs["byol"]):
        trainer = run.trainer
        assert (trainer.lr, trainer.weight_decay, trainer.batch_size) == (2e-4, 1e-5, 256)
        assert (trainer.epochs, run.scale, run.held_out) == (50, "mv", 0.02)
