"""Systems side by side: same corpus, steps by measured cost, a second call trains nothing again."""

import json

import pytest

from cardiolex.checkpoint import load_checkpoint
from cardiolex.errors import CardiolexError
from cardiolex.recipes.comparison import CONTENDERS, ComparisonRun, train_contenders
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
    config = configured(tmp_path, bert_folder, only=("K-MERL", "MERL-ViT"))
    models = train_contenders(config)
    for name, model in models.items():
        cost = json.loads((tmp_path / name / "cost.json").read_text())["seconds_per_step"]
        assert model.facts["steps"] == max(1, round(0.5 / cost))
        checkpoint = load_checkpoint(model.folder)
        assert checkpoint.system_name == CONTENDERS[name].system_name
        assert checkpoint.preprocess.scale == CONTENDERS[name].scale
        assert model.facts["weights"] < 3e6
    for model in train_contenders(config).values():
        assert load_checkpoint(model.folder).training["steps"] == model.facts["steps"]
        assert model.folder in {first.folder for first in models.values()}


def test_an_unknown_contender_is_named(tmp_path, bert_folder):
    with pytest.raises(CardiolexError, match="no contender 'GPT'; there are K-MERL"):
        train_contenders(configured(tmp_path, bert_folder, only=("GPT",)))
