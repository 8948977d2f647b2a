"""MELP from a store to a checkpoint that answers and writes."""

import json

import pytest
import torch

from cardiolex.checkpoint import load_checkpoint
from cardiolex.datasets.store import Store
from cardiolex.encoders.causal_text import CausalText
from cardiolex.nn.attentional_pooler import AttentionalPooler
from cardiolex.nn.generation import Decoding
from cardiolex.nn.text_decoder import TextDecoder
from cardiolex.recipes.melp import MELPRun, melp, run
from cardiolex.systems.melp import MELP

SMALL = {
    "encoder": {
        "channels": 16,
        "width": 32,
        "depth": 1,
        "heads": 2,
        "position_kernel": 8,
        "position_groups": 4,
    },
    "resnet": {"width": 4},
    "caption": {"tokens": 4, "layers": 1, "heads": 2},
    "embedding_dim": 16,
    "pooling_heads": 2,
}
BRIEF = {"batch_size": 8, "steps": 4, "log_every": 1, "validate_every": 2, "save_every": 2}


def configured(store, output, bert_folder, **changes) -> MELPRun:
    settings = {
        "store": store,
        "output": output,
        "text_encoder": str(bert_folder),
        "held_out": 0.3,
        "device": "cpu",
        "system": SMALL,
        "trainer": BRIEF,
    }
    return MELPRun.model_validate({**settings, **changes})


def test_defaults_are_the_published_values():
    config = MELPRun(store="s", output="o")
    t, s = config.trainer, config.system
    assert (t.lr, t.weight_decay, t.betas, t.batch_size, t.epochs) == (
        2e-4,
        0.2,
        (0.9, 0.95),
        64,
        100,
    )
    assert (t.patience, t.best_of, t.clip, t.average) == (5, "held_out_auroc_12", None, None)
    assert (s.rhythm_weight, s.token_weight, s.beat_weight) == (1.0, 2.0, 0.2)
    assert (s.beats, s.caption.tokens, s.lead_mask_probability) == (10, 128, 0.5)
    assert (s.frozen_layers, s.temperature, s.embedding_dim) == (None, 0.07, 256)


def test_the_published_network_has_the_published_size():
    """Numbers of weights counted in the released network, without what it never reads."""
    system = MELP.Config()
    with torch.device("meta"):
        encoder = MELP(system.model_copy(update={"encoder_only": True}))
        pooler = AttentionalPooler(system.caption.tokens, 768, 768, system.pooling_heads)
        decoder = TextDecoder(TextDecoder.Config(), 30_523)
    assert weights(encoder.encoder) == 399_872 + 512 + 197_376 + 4_719_488 + 56_704_512
    assert weights(encoder.beat_pooler) == 529_920 + 512
    assert weights(encoder.beat_projection) == 65_536
    assert weights(pooler) == 2_463_744 + 1_536
    assert weights(decoder) == 108_506_880


def weights(module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("variant", [None, "no-token", "no-rhythm", "resnet18", "by-heart-rate"])
def test_from_a_store_to_answers_and_reports(store, tmp_path, bert_folder, variant):
    assert melp(configured(store, tmp_path, bert_folder, variant=variant)) == 0
    checkpoint = load_checkpoint(tmp_path / "model")  # its self-test is run
    assert checkpoint.system_name == "melp" and "MELP" in checkpoint.card
    assert isinstance(checkpoint.text, CausalText)
    assert checkpoint.text.fingerprint != CausalText(bert_folder).fingerprint  # trained along
    assert checkpoint.preprocess.scale == "minmax"
    assert checkpoint.training["variant"] == variant
    assert checkpoint.system.config.fs == 250.0
    figures = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    held_out = [line for line in figures if "held_out_loss" in line]
    assert held_out and ("held_out_auroc_12" in held_out[-1]) == (variant != "no-rhythm")
    example = Store(store)[0]
    signal = (
        torch.from_numpy(example.ecg * example.gain)[None].float(),
        torch.from_numpy(example.lead_mask)[None],
        torch.from_numpy(example.sample_mask)[None],
    )
    with torch.no_grad():
        assert torch.isfinite(checkpoint.system.embed_ecg(*signal)).all()
        if variant != "no-rhythm":
            logits = checkpoint.score(*signal, ["atrial fibrillation", "sinus"])
            assert torch.isfinite(logits).all()
    if variant != "no-token":
        assert len(checkpoint.system.write_reports(*signal, Decoding(max_tokens=4))) == 1


def test_an_interrupted_run_ends_like_one_that_was_not(store, tmp_path, bert_folder):
    whole = configured(store, tmp_path / "a", bert_folder)
    assert melp(whole) == 0
    parts = configured(store, tmp_path / "b", bert_folder)
    assert melp(parts) == 0
    last = sorted((tmp_path / "b" / "training").glob("step-*"))[-1]
    for file in last.iterdir():
        file.unlink()
    last.rmdir()
    assert melp(parts) == 0
    a, b = (load_checkpoint(tmp_path / name / "model") for name in "ab")
    assert a.text.fingerprint == b.text.fingerprint
    state = a.system.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in b.system.state_dict().items())


def test_schedules_of_ours_and_of_the_released_code(store, tmp_path, bert_folder):
    many = {"steps": 200, "batch_size": 8}
    ours = run(configured(store, tmp_path, bert_folder, trainer=many)).trainer
    assert (ours.warmup_steps, ours.restart_steps, ours.decayed) == (10, None, "matrices")
    told = run(configured(store, tmp_path, bert_folder, trainer={**many, "warmup_steps": 3}))
    assert told.trainer.warmup_steps == 3
    released = run(configured(store, tmp_path, bert_folder, trainer=many, variant="released"))
    t = released.trainer
    assert (t.warmup_steps, t.restart_steps, t.decayed) == (0, 100, "all")
    assert released.system.beats == 12
    epochs = run(configured(store, tmp_path, bert_folder, trainer={"batch_size": 8, "epochs": 50}))
    recordings = len(epochs.examples)
    assert epochs.trainer.warmup_steps == round(0.05 * 50 * (recordings // 8))
    text = run(configured(store, tmp_path, bert_folder, variant="bidirectional-text")).text
    assert text.attention == "bidirectional"
