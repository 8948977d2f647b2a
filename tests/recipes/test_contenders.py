"""Methods side by side: same corpus, steps by measured cost, a second call trains nothing again."""

import json

import pytest
import torch

from cardiolex.checkpoint import load_checkpoint
from cardiolex.errors import CardiolexError
from cardiolex.recipes.comparison import ComparisonRun, train_contenders
from cardiolex.recipes.contenders import ABLATIONS, CONTENDERS, ECG_ONLY, LANGUAGE, WIDTH
from cardiolex.systems import SYSTEMS, build
from cardiolex.training.config import TrainerConfig

BRIEF = TrainerConfig(batch_size=4, lr=1e-3, log_every=100, save_every=50)


def configured(output, bert_folder, **changes) -> ComparisonRun:
    settings = {
        "output": output,
        "text_encoder": bert_folder,
        "recordings": 12,
        "seconds": 0.5,
        "trainer": BRIEF,
    }
    return ComparisonRun(**{**settings, **changes})


def test_cheaper_steps_give_more_of_them_and_a_second_call_does_nothing(tmp_path, bert_folder):
    config = configured(tmp_path, bert_folder, only=("K-MERL", "HeartLang"))
    models = train_contenders(config)
    for name, model in models.items():
        folder, chosen = tmp_path / "runs" / name, CONTENDERS[name]
        checkpoint = load_checkpoint(model.folder)
        assert checkpoint.system_name == chosen.system_name
        assert (checkpoint.text is None) == (not chosen.words)
        assert bool(checkpoint.seen) == chosen.words
        stages = (
            [(folder, 0.5)] if chosen.first is None else [(folder, 0.25), (folder / "first", 0.25)]
        )
        steps = 0
        for stage, seconds in stages:
            cost = json.loads((stage / "cost.json").read_text())["seconds_per_step"]
            steps += max(1, round(seconds / cost))
        assert model.facts["steps"] == steps
    written = {
        name: (one.folder / "model.safetensors").stat().st_mtime_ns for name, one in models.items()
    }
    for name, model in train_contenders(config).items():
        assert model.facts == models[name].facts
        assert (model.folder / "model.safetensors").stat().st_mtime_ns == written[name]


def test_encoders_are_of_like_size_and_features_of_like_width():
    window = torch.zeros(2, 12, 500), torch.ones(2, 12).bool(), torch.ones(2, 500).bool()
    for name, chosen in ECG_ONLY.items():
        system = build(chosen.system_name, chosen.system, None, torch.zeros(3, 768)).eval()
        weights = sum(p.numel() for p in system.encoder.parameters())
        assert 1e5 < weights < 7e5, name
        with torch.no_grad():
            assert system.embed_ecg(*window).shape == (2, WIDTH), name


def test_every_published_baseline_takes_part():
    stages = {one.system_name for one in CONTENDERS.values()}
    stages |= {one.first.system_name for one in CONTENDERS.values() if one.first is not None}
    assert stages == set(SYSTEMS)
    assert {one.system_name for one in LANGUAGE.values()} == {"kmerl", "supreme", "melp", "merl"}


def test_an_ablation_differs_from_the_whole_by_one_part():
    whole = ABLATIONS["K-MERL"].system.model_dump()
    for name, one in ABLATIONS.items():
        changed = [key for key, value in one.system.model_dump().items() if value != whole[key]]
        assert len(changed) == (name != "K-MERL"), name


def test_an_unknown_contender_is_named(tmp_path, bert_folder):
    with pytest.raises(CardiolexError, match="no contender 'GPT'; there are K-MERL"):
        train_contenders(configured(tmp_path, bert_folder, only=("GPT",)))
