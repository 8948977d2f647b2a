"""MERL from a store to a checkpoint that answers; its two published settings."""

import json

import pytest
import torch
from tiny_bert import make_bert

from cardiolex import load
from cardiolex.capabilities import ScoresQueries
from cardiolex.checkpoint import load_checkpoint
from cardiolex.datasets.store import Store
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.encoders.vit import ViT
from cardiolex.recipes import merl
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.systems.merl import MERL

SMALL = {
    "resnet18": {"embedding_dim": 16, "encoder": {"width": 2}},
    "vit_tiny": {"embedding_dim": 16, "encoder": {"width": 32, "depth": 1, "heads": 2}},
}
BRIEF = {"batch_size": 8, "steps": 3, "log_every": 1, "validate_every": 2, "save_every": 2}
CONFIGURED = {"resnet18": merl.ResNet18, "vit_tiny": merl.ViTTiny}


def configured(kind: str, store, output, bert_folder, **changes) -> merl.MERLRun:
    system = {**SMALL[kind], "text_pooling": "mean", **changes.pop("system", {})}
    settings = {
        "store": store,
        "output": output,
        "text_encoder": str(bert_folder),
        "held_out": 0.2,
        "device": "cpu",
        "system": system,
        "trainer": BRIEF,
    }
    return CONFIGURED[kind].model_validate({**settings, **changes})


def test_the_default_is_the_released_configuration(tmp_path):
    config = merl.ResNet18(store=tmp_path, output=tmp_path)
    trainer, system = config.trainer, config.system
    assert (trainer.lr, trainer.weight_decay, trainer.batch_size) == (1e-3, 1e-8, 128)
    assert (trainer.epochs, trainer.restart_steps, trainer.final_lr) == (21, 5000, 1e-8)
    assert (trainer.betas, trainer.clip, trainer.warmup_steps) == ((0.9, 0.999), None, 0)
    assert (system.temperature, system.reduction, system.dropout) == (0.07, "sum", 0.1)
    assert (system.contrast_weight, system.uni_modal_weight, system.text_layers_trained) == (
        1,
        1,
        0,
    )
    assert (system.embedding_dim, system.text_pooling, config.held_out) == (256, "pooler", 0.02)
    assert config.text_encoder == "ncbi/MedCPT-Query-Encoder"


def test_the_quoted_settings_are_a_variant_and_options_beside_it_win(tmp_path):
    config = merl.ViTBase(
        store=tmp_path, output=tmp_path, variant="quoted", trainer={"batch_size": 64}
    )
    trainer = config.trainer
    assert (trainer.lr, trainer.weight_decay, trainer.epochs) == (2e-4, 1e-5, 50)
    assert (trainer.restart_steps, trainer.final_lr, trainer.batch_size) == (None, 0, 64)
    assert config.system.encoder == ViT.Config.of_size("base")


@pytest.mark.parametrize(
    ("configured", "encoder"),
    [
        (merl.ResNet34, ResNet1D.Config(depth=34)),
        (merl.ResNet101, ResNet1D.Config(depth=101)),
        (merl.ViTSmall, ViT.Config(width=384, depth=12, heads=6)),
        (merl.ViTMiddle, ViT.Config(width=512, depth=12, heads=8)),
    ],
)
def test_every_size_has_its_encoder(configured, encoder, tmp_path):
    assert configured(store=tmp_path, output=tmp_path).system.encoder == encoder


@pytest.mark.parametrize("kind", SMALL)
def test_from_a_store_to_answers(kind, store, tmp_path, bert_folder):
    config = configured(kind, store, tmp_path, bert_folder)
    assert getattr(merl, kind)(config) == 0
    checkpoint = load_checkpoint(tmp_path / "model")
    assert isinstance(checkpoint.system, MERL)
    assert checkpoint.preprocess.scale == "minmax"
    assert checkpoint.query_pooling == "mean"
    assert checkpoint.system.config.encoder.samples == checkpoint.preprocess.samples
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {"loss", "contrast", "uni_modal"} <= set(logged[0])
    assert (tmp_path / "text-vectors").is_dir()
    example = Store(store)[0]
    ecg = torch.from_numpy(example.ecg * example.gain)[None].float()
    masks = (torch.from_numpy(m)[None] for m in (example.lead_mask, example.sample_mask))
    with torch.no_grad():
        logits = checkpoint.score(ecg, *masks, ["atrial fibrillation", "never heard of"])
    assert logits.shape == (1, 2)
    assert logits.abs().max() <= 1 / 0.07 + 1e-3


@pytest.fixture(scope="module")
def pooled_bert(tmp_path_factory):
    """A text encoder with a pooler."""
    return make_bert(tmp_path_factory.mktemp("pooled"), pooler=True)


def test_text_trained_along_is_kept_with_the_model(store, tmp_path, pooled_bert):
    system = {"text_layers_trained": 1, "text_pooling": "pooler"}
    trainer = {**BRIEF, "lr": 0.01}
    config = configured("vit_tiny", store, tmp_path, pooled_bert, system=system, trainer=trainer)
    assert merl.vit_tiny(config) == 0
    checkpoint = load_checkpoint(tmp_path / "model")
    before = HuggingFaceText(pooled_bert).model.state_dict()
    after = checkpoint.text.model.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name.rpartition(".layer.")[2].split(".")[0] for name in changed} == {"1", "pooler"}
    assert load(tmp_path / "model", device="cpu").checkpoint.query_pooling == "pooler"


def test_without_a_contrast_there_is_nothing_to_ask(store, tmp_path):
    config = configured("resnet18", store, tmp_path, "no such encoder", variant="uni-modal-only")
    assert merl.resnet18(config) == 0
    checkpoint = load_checkpoint(tmp_path / "model")
    assert checkpoint.text is None
    assert not isinstance(checkpoint.system, ScoresQueries)
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {"loss", "uni_modal"} <= set(logged[0]) and "contrast" not in logged[0]


def test_lengths_follow_the_store_unless_they_are_set():
    at_250 = Preprocess(fs=250.0, seconds=8.0)
    system, notes = merl.fitted(MERL.Config(encoder=ViT.Config.of_size("tiny")), at_250)
    assert (system.encoder.samples, system.encoder.segment_samples) == (2000, 25)
    assert "250 Hz" in notes[0]
    system, notes = merl.fitted(MERL.Config(), at_250)
    assert (system.encoder.samples, notes) == (2000, ())
    set_by_hand = ViT.Config(samples=2000, segment_samples=40)
    system, _ = merl.fitted(MERL.Config(encoder=set_by_hand), at_250)
    assert system.encoder == set_by_hand
