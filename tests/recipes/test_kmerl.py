"""The whole way: a store of recordings with reports to a checkpoint that answers."""

import json
import shutil
from itertools import chain

import pytest
import torch

from cardiolex.checkpoint import load_checkpoint
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recipes.kmerl import KMERLRun, kmerl, run
from cardiolex.recipes.on_store import split
from cardiolex.recipes.segments import with_segments
from cardiolex.recordings.preprocess import Preprocess

SMALL = {
    "encoder": {"segment_samples": 50, "width": 32, "depth": 1, "heads": 2},
    "query_network": {"width": 32, "layers": 1, "heads": 2, "hidden": 64},
    "queries_per_step": 40,
}
BRIEF = {"batch_size": 8, "steps": 3, "log_every": 1, "validate_every": 2, "save_every": 2}


def configured(store, output, bert_folder, **changes) -> KMERLRun:
    settings = {
        "store": store,
        "output": output,
        "text_encoder": str(bert_folder),
        "held_out": 0.2,
        "device": "cpu",
        "system": SMALL,
        "trainer": BRIEF,
    }
    return KMERLRun.model_validate({**settings, **changes})


def test_defaults_are_the_published_values(tmp_path):
    config = KMERLRun(store=tmp_path, output=tmp_path)
    trainer, system = config.trainer, config.system
    assert (trainer.lr, trainer.weight_decay, trainer.batch_size, trainer.epochs) == (
        2e-4,
        1e-5,
        512,
        50,
    )
    assert (trainer.warmup_steps, trainer.final_lr, trainer.average, trainer.clip) == (
        0,
        0,
        None,
        None,
    )
    assert (system.encoder.width, system.encoder.depth, system.encoder.heads) == (192, 12, 3)
    assert (system.query_network.layers, system.query_network.heads) == (4, 4)
    assert (system.temperature, system.query_weight, system.text_dim) == (0.07, 1.0, 768)
    assert system.masking.masked_leads == (9, 10, 11)
    assert config.text_encoder == "ncbi/MedCPT-Query-Encoder"


def test_from_a_store_to_answers(store, tmp_path, bert_folder):
    config = configured(store, tmp_path, bert_folder)
    assert kmerl(config) == 0
    checkpoint = load_checkpoint(tmp_path / "model")
    assert checkpoint.training["steps"] == 3
    assert checkpoint.training["data"]["used"] < 48
    assert "sinus rhythm" in checkpoint.seen
    assert set(checkpoint.default_conditions) <= checkpoint.seen
    assert "Not a medical device" in checkpoint.card
    example = Store(store)[0]
    with torch.no_grad():
        logits = checkpoint.score(
            torch.from_numpy(example.ecg * example.gain)[None].float(),
            torch.from_numpy(example.lead_mask)[None],
            torch.from_numpy(example.sample_mask)[None],
            ["atrial fibrillation", "something never heard of"],
        )
    assert logits.shape == (1, 2) and torch.isfinite(logits).all()
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {row["step"] for row in logged if "held_out_loss" in row} == {2, 3}
    assert json.loads((tmp_path / "run.json").read_text())["trainer"]["batch_size"] == 8
    assert (tmp_path / "text-vectors").is_dir()


def test_a_finished_run_is_not_trained_again_and_another_is_refused(store, tmp_path, bert_folder):
    config = configured(store, tmp_path, bert_folder)
    assert kmerl(config) == 0
    before = (tmp_path / "log.jsonl").read_text()
    assert kmerl(config) == 0
    assert (tmp_path / "log.jsonl").read_text() == before
    other = configured(store, tmp_path, bert_folder, trainer={**BRIEF, "lr": 1e-3})
    record = (tmp_path / "run.json").read_bytes()
    with pytest.raises(CardiolexError, match=r"differs: trainer\.lr was 0\.0002, is 0\.001\."):
        kmerl(other)
    assert (tmp_path / "run.json").read_bytes() == record


def test_split_is_by_patient_and_the_same_everywhere(store):
    training, held_out = split(Store(store), 0.3, reports=True)
    assert set(training).isdisjoint(held_out)
    brief = sum(len(text.split()) < 4 for text in Store(store).table["report"].to_pylist())
    assert len(training) + len(held_out) == 48 - brief
    assert sorted(chain(*split(Store(store), 0.3, reports=False))) == list(range(48))
    assert 4 < len(held_out) < 26
    assert split(Store(store), 0.3, reports=True) == (training, held_out)
    more = split(Store(store), 0.5, reports=True)[1]
    assert set(held_out) <= set(more)


def test_misspelt_settings_are_refused(tmp_path):
    with pytest.raises(ValueError, match="batchsize"):
        KMERLRun(store=tmp_path, output=tmp_path, trainer={"batchsize": 3})


def test_a_wrong_segment_length_is_explained(store, tmp_path, bert_folder):
    wrong = {**SMALL, "encoder": {**SMALL["encoder"], "segment_samples": 99}}
    config = configured(store, tmp_path, bert_folder, system=wrong)
    with pytest.raises(CardiolexError, match="2500 samples cannot be cut into segments of 99"):
        kmerl(config)


def test_a_segment_is_a_fifth_of_a_second_unless_set(store, tmp_path, bert_folder, capsys):
    unset = {**SMALL, "encoder": {"width": 32, "depth": 1, "heads": 2}}
    config = configured(store, tmp_path, bert_folder, system=unset)
    assert run(config).system.encoder.segment_samples == 50  # of 250 Hz
    assert kmerl(config) == 0
    assert "segments of 0.2 s have 50 samples" in capsys.readouterr().err
    assert json.loads((tmp_path / "run.json").read_text())["system"]["encoder"] == {
        **run(config).system.encoder.model_dump()
    }
    given = {**SMALL, "encoder": {**unset["encoder"], "segment_samples": 100}}
    made = run(configured(store, tmp_path, bert_folder, system=given))
    assert made.system.encoder.segment_samples == 100 and made.notes == ()
    usual = KMERLRun(store=store, output=tmp_path).system.encoder
    assert with_segments(usual, 0.2, Preprocess(fs=500.0))[0] == usual


def test_the_folder_of_a_text_encoder_says_how_names_are_pooled(store, tmp_path, bert_folder):
    assert run(configured(store, tmp_path, bert_folder)).query_pooling == "cls"
    own = shutil.copytree(bert_folder, tmp_path / "own")
    (own / "cardiolex.json").write_text('{"query_pooling": "mean", "report_pooling": "mean"}')
    assert kmerl(configured(store, tmp_path / "run", own)) == 0
    checkpoint = load_checkpoint(tmp_path / "run" / "model")
    assert checkpoint.query_pooling == "mean"
    assert checkpoint.text.query_pooling == "mean"  # so that it can be used for the next run
    names = checkpoint.vocabulary.names
    assert torch.allclose(
        checkpoint.system.entity_vectors, checkpoint.text.encode(names, "mean"), atol=1e-5
    )


def test_data_come_from_the_store(store, tmp_path, bert_folder):
    made = run(configured(store, tmp_path, bert_folder))
    assert made.preprocess == Preprocess(fs=250.0)
    assert made.data["store"]["simulated"]["count"] == 48
