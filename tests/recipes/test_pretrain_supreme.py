"""SuPreME and the ablations from a store to a checkpoint that answers."""

import json

import pytest
import torch

from cardiolex.checkpoint import load_checkpoint
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recipes.kmerl import KMERLRun
from cardiolex.recipes.kmerl import run as kmerl_run
from cardiolex.recipes.pretrain import pretrain
from cardiolex.recipes.supreme import SuPreMERun, run, supreme

SMALL = {
    "encoder": {"width": 32, "depth": 1, "heads": 2},
    "resnet": {"width": 4},
    "query_network": {"width": 32, "layers": 1, "heads": 2, "hidden": 32},
}
BRIEF = {"batch_size": 8, "steps": 4, "log_every": 1, "validate_every": 2, "save_every": 2}


def configured(store, output, bert_folder, **changes) -> SuPreMERun:
    settings = {
        "store": store,
        "output": output,
        "text_encoder": str(bert_folder),
        "held_out": 0.3,
        "device": "cpu",
        "segment_s": 0.2,
        "system": SMALL,
        "trainer": BRIEF,
    }
    return SuPreMERun.model_validate({**settings, **changes})


def test_defaults_are_the_published_values():
    config = SuPreMERun(store="s", output="o")
    t = config.trainer
    assert (t.lr, t.final_lr, t.weight_decay, t.batch_size, t.epochs) == (1e-3, 1e-8, 1e-8, 256, 50)
    assert (t.restart_steps, t.patience, t.best_of) == (5000, 10, "held_out_auroc_12")
    assert (t.warmup_steps, t.clip, t.average, t.validate_every) == (0, None, None, None)
    assert config.text_encoder == "ncbi/MedCPT-Query-Encoder"
    assert config.segment_s == 0.25


@pytest.mark.parametrize("variant", [None, "linear", "resnet", "resnet-linear"])
def test_from_a_store_to_answers(store, tmp_path, bert_folder, variant):
    assert supreme(configured(store, tmp_path, bert_folder, variant=variant)) == 0
    checkpoint = load_checkpoint(tmp_path / "model")  # its self-test is run
    assert checkpoint.system_name == "supreme" and "SuPreME" in checkpoint.card
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["variant"] == variant and checkpoint.training["variant"] == variant
    assert checkpoint.training["steps"] in (2, 4)  # of the weights that did best
    assert "sinus rhythm" in checkpoint.seen
    example = Store(store)[0]
    signal = (
        torch.from_numpy(example.ecg * example.gain)[None].float(),
        torch.from_numpy(example.lead_mask)[None],
        torch.from_numpy(example.sample_mask)[None],
    )
    with torch.no_grad():
        logits = checkpoint.score(*signal, ["atrial fibrillation", "something never heard of"])
    assert logits.shape == (1, 2) and torch.isfinite(logits).all()


def test_reports_are_not_read(store, tmp_path, bert_folder):
    made = run(configured(store, tmp_path, bert_folder))
    assert len(made.examples) + len(made.held_out) == 48  # brief reports stay
    assert made.system.reads == "labels"
    assert (made.system.encoder.segment_samples, made.system.encoder.max_segments) == (50, 50)


def test_selection_without_held_out_recordings_is_explained(store, tmp_path, bert_folder):
    with pytest.raises(CardiolexError, match="needs held-out recordings"):
        supreme(configured(store, tmp_path, bert_folder, held_out=0.0))


def test_a_run_says_which_ablation_it_is(store, tmp_path, bert_folder, capsys):
    plain = run(configured(store, tmp_path, bert_folder))
    varied = run(configured(store, tmp_path, bert_folder, variant="dropout-0.05"))
    assert varied.identity() != plain.identity()
    assert any("variant dropout-0.05 (Tab. 1, published 75.98)" in note for note in varied.notes)


def test_without_superclasses_nobody_asks_for_them(store, tmp_path, bert_folder):
    def made(**changes):
        return kmerl_run(
            KMERLRun.model_validate(
                {
                    "store": store,
                    "output": tmp_path,
                    "text_encoder": str(bert_folder),
                    "held_out": 0.3,
                    "device": "cpu",
                    "trainer": {**BRIEF, "steps": 1},
                    "system": {k: SMALL[k] for k in ("encoder", "query_network")},
                    **changes,
                }
            )
        )

    usual, without = made(), made(variant="no-superclasses")
    broad = [usual.vocabulary.index[name] for name in usual.vocabulary.superclasses]
    rest = [i for i in range(len(usual.vocabulary)) if i not in broad]
    for data, plain in ((without.examples, usual.examples), (without.held_out, usual.held_out)):
        labels = torch.tensor(data[0].labels)
        assert labels[broad].isnan().all()
        assert torch.equal(
            labels[rest].nan_to_num(7), torch.tensor(plain[0].labels)[rest].nan_to_num(7)
        )
        assert not torch.tensor(plain[0].labels)[broad].isnan().all()
    assert usual.seen - without.seen <= set(usual.vocabulary.superclasses)
    assert without.identity() != usual.identity()
    assert pretrain(without, tmp_path, "cpu") is not None
