"""A row's run is the recipe's own, at full scale as published, at small scale shrunk."""

import shlex

import pytest

from cardiolex.cli import build
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recipes.kmerl import KMERLRun
from cardiolex.recipes.on_store import split
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reproduction.definition import Training
from cardiolex.reproduction.settings import Settings
from cardiolex.reproduction.training import CannotRun, command, configured
from cardiolex.simulation import Settings as Simulated


def _full(tmp_path, **rest):
    return Settings(output=tmp_path / "out", store=tmp_path / "store", **rest)


def _small(tmp_path, **rest):
    return Settings(output=tmp_path / "out", scale="small", **rest)


@pytest.mark.parametrize("recipe", ["kmerl", "supreme", "melp", "merl-vit-tiny", "byol", "st-mem"])
def test_at_full_scale_everything_is_as_published(tmp_path, recipe):
    from cardiolex.reproduction.recipes import recipe_named

    made = configured(Training(recipe), _full(tmp_path))
    config = recipe_named(recipe).config
    published = config(store=made.store, output=made.output)
    assert made.trainer == published.trainer
    assert made.system == published.system
    assert made.text_encoder == published.text_encoder


def test_at_small_scale_a_variant_keeps_what_it_is_about(tmp_path):
    settings = _small(tmp_path, steps=7)
    usual = configured(Training("kmerl"), settings)
    assert usual.system.query_network.layers == 4
    assert usual.system.encoder.width < 64
    assert usual.trainer.steps == 7
    assert (
        configured(Training("kmerl", "query-layers-1"), settings).system.query_network.layers == 1
    )
    heads = configured(Training("kmerl", "query-heads-3"), settings).system.query_network
    assert (heads.heads, heads.head_width, heads.width) == (3, 64, 64)
    fixed = configured(Training("kmerl", "fixed-masked-leads"), settings)
    assert fixed.system.masking.masked_leads == (9,)
    assert configured(Training("kmerl", "token-size-25"), settings).segment_s == 0.05
    assert "BERT" in configured(Training("kmerl", "bio-clinical-bert"), settings).text_encoder
    dropout = configured(Training("supreme", "dropout-0.15"), settings).system
    assert (dropout.encoder.dropout, dropout.encoder.width) == (0.15, usual.system.encoder.width)
    few = configured(Training("supreme", changes={"share": 0.01}), settings)
    assert (few.share, few.trainer.batch_size) == (0.01, 2)
    widths = [
        configured(Training("kmerl", size), settings).system.encoder.width
        for size in (None, "small", "middle", "base")
    ]
    assert widths == sorted(widths)
    assert widths[-1] < 192


def test_what_is_missing_is_named_with_the_remedy(tmp_path):
    nothing = Settings(output=tmp_path)
    with pytest.raises(CannotRun, match="prepare mimic-iv-ecg"):
        configured(Training("kmerl"), nothing)
    with pytest.raises(CannotRun, match="--labels unmerged=FOLDER"):
        configured(Training("kmerl", labels="unmerged"), _full(tmp_path))
    with pytest.raises(CardiolexError, match="resamples 0"):
        Settings(output=tmp_path, resamples=0)


def test_labels_go_to_the_rows_that_need_them(tmp_path):
    settings = _full(tmp_path, labels={"": tmp_path / "all", "unmerged": tmp_path / "own"})
    assert configured(Training("kmerl"), settings).labels == tmp_path / "all"
    assert configured(Training("kmerl", labels="unmerged"), settings).labels == tmp_path / "own"


@pytest.mark.parametrize(
    "training",
    [Training("kmerl", "no-contrast"), Training("supreme", changes={"share": 0.2}, called="s")],
)
def test_the_printed_command_is_the_same_run(tmp_path, training):
    settings = _full(tmp_path, steps=9, seed=4)
    words = shlex.split(command(training, settings))
    assert words[0] == "cardiolex"
    _, bound, _ = build().parse_args(words[1:])
    assert bound.arguments["config"] == configured(training, settings)


def test_share_takes_whole_patients_and_smaller_shares_lie_in_larger_ones(tmp_path):
    simulate_to_store(
        tmp_path / "store", 40, preprocess=Preprocess(fs=100.0), settings=Simulated(fs=100.0)
    )
    store = Store(tmp_path / "store")
    whole, held_out = split(store, 0.2, reports=False)
    for smaller, larger in ((0.2, 0.5), (0.5, 1.0)):
        few, held = split(store, 0.2, reports=False, share=smaller)
        assert set(few) < set(split(store, 0.2, reports=False, share=larger)[0])
        assert held == held_out
        assert abs(len(few) / len(whole) - smaller) < 0.3
    with pytest.raises(ValueError, match="share"):
        KMERLRun(store=tmp_path, output=tmp_path, share=0)
