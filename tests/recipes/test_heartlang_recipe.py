"""Both stages of HeartLang on a store: words first, then sentences of those words."""

import pytest
import torch
from safetensors.torch import load_file

from cardiolex.checkpoint import load_checkpoint
from cardiolex.errors import CardiolexError
from cardiolex.recipes import ecg_only, heartlang
from cardiolex.recipes.pretrain import assembled, pretrain

LAYERS = {"width": 16, "depth": 1, "heads": 2}
GIVEN = {"held_out": 0.2, "device": "cpu"}
BRIEF = {"batch_size": 8, "steps": 2, "log_every": 1, "validate_every": 2, "warmup_steps": 0}
WORDS = {"encoder": LAYERS, "book": {"codes": 8, "width": 4}, "decoder_depth": 1}

SYSTEM = {"beats": {"detector": "energy"}, "tokenizer": WORDS}


@pytest.fixture(scope="module")
def words(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    config = ecg_only.heartlang_tokenizer_run(
        store=store, output=folder, system=SYSTEM, trainer=BRIEF, **GIVEN
    )
    return pretrain(ecg_only.run(config), folder, "cpu")


def second_stage(store, output, **changes):
    settings = {"system": {"encoder": LAYERS}, "trainer": BRIEF, **GIVEN, **changes}
    return heartlang.HeartLangRun(store=store, output=output, **settings)


def test_the_second_stage_takes_words_and_beats_of_the_first(store, words, tmp_path):
    run = heartlang.run(second_stage(store, tmp_path, tokenizer=words))
    first = load_checkpoint(words).system
    assert run.system.beats == first.config.beats
    assert (run.system.beats.fs, run.system.beats.samples, run.system.beats.most) == (250, 240, 24)
    assert run.system.encoder.beat_samples == 240 and run.system.encoder.width == 16
    system = assembled(run)
    for name, value in first.tokenizer.state_dict().items():
        assert torch.equal(system.tokenizer.state_dict()[name], value)
    assert bool(system.tokenizer.book.started)
    assert pretrain(run, tmp_path, "cpu") == tmp_path / "model"
    kept = load_file(tmp_path / "model" / "model.safetensors")
    assert all(name.startswith("encoder.") for name in kept)
    assert load_checkpoint(tmp_path / "model").system.config.tokenizer is None


def test_a_tokeniser_has_to_be_named_and_to_be_one(store, words, tmp_path):
    with pytest.raises(CardiolexError, match="name its model by --tokenizer"):
        heartlang.run(second_stage(store, tmp_path))
    run = heartlang.run(second_stage(store, tmp_path / "b", tokenizer=words))
    other = pretrain(run, tmp_path / "b", "cpu")
    with pytest.raises(CardiolexError, match="is a heartlang, not a heartlang_tokenizer"):
        heartlang.run(second_stage(store, tmp_path, tokenizer=other))


def test_signals_have_to_be_those_of_the_first_stage(store, words, tmp_path):
    with pytest.raises(CardiolexError, match="was trained on signals with scale = mv"):
        heartlang.run(second_stage(store, tmp_path, tokenizer=words, scale="minmax"))


def test_published_rates_are_the_default(tmp_path):
    trainer = heartlang.HeartLangRun(store=tmp_path, output=tmp_path).trainer
    assert (trainer.lr, trainer.weight_decay, trainer.clip, trainer.betas) == (
        5e-4,
        0.05,
        3.0,
        (0.9, 0.98),
    )
