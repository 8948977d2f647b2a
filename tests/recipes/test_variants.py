"""Every ablation builds, differs from the published system as it says, and makes a step."""

from functools import cache
from pathlib import Path

import pytest
import torch
from pydantic import BaseModel, ConfigDict

from cardiolex.cli import main
from cardiolex.datasets.batches import Batch
from cardiolex.errors import CardiolexError
from cardiolex.recipes import supreme
from cardiolex.recipes.kmerl import KMERLRun
from cardiolex.recipes.melp import MELPRun
from cardiolex.recipes.merl import MERLRun
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recipes.segments import fitting, with_segments
from cardiolex.recipes.supreme import SuPreMERun, fitted
from cardiolex.recipes.variants import Variant, flat, listed, variant_named
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.systems import SYSTEMS

TESTED = {"kmerl": KMERLRun, "supreme": SuPreMERun}  # the others are built in their own tests
RECIPES = {**TESTED, "melp": MELPRun, "merl-resnet18": MERLRun}
ALL = [(recipe, name) for recipe, kind in RECIPES.items() for name in kind.variants]
FS, DT, Q = 500.0, 16, 5
WINDOW = Preprocess(fs=FS, seconds=2.0)  # 2 s are segments of 25, 50, 100, 125 and 200 samples
TINY_ENCODER = {"width": 32, "depth": 2, "heads": 2}
TINY_QUERIES = {"width": 32, "hidden": 32}


def configured(recipe: str, name: str | None, **settings: object) -> RecipeConfig:
    given = {"store": "s", "output": "o", "variant": name, **settings}
    return RECIPES[recipe].model_validate(given)


@cache
def changed(recipe: str, name: str) -> dict[str, tuple[object, object]]:
    """Setting -> (published, in this variant), wherever they differ."""
    before, after = (
        flat(configured(recipe, n).model_dump(exclude={"variant"})) for n in (None, name)
    )
    assert before.keys() == after.keys()
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


def tiny(recipe: str, name: str) -> torch.nn.Module:
    """The variant's system with what it leaves open made small."""
    config = configured(recipe, name)
    system = config.system.model_dump()
    varied = {key.removeprefix("system.") for key in changed(recipe, name)}
    for section, sizes in (("encoder", TINY_ENCODER), ("query_network", TINY_QUERIES)):
        fixed = {f"{section}.{key}" for key in sizes} & varied
        system[section] |= {} if fixed else sizes
    system["encoder"]["depth"] = 2
    if "query_network.head_width" in varied:
        system["query_network"]["head_width"] = 8
    if recipe == "supreme":
        system["resnet"] |= {"width": 8}
    kind = SYSTEMS[recipe]
    made = kind.Config.model_validate({**system, "text_dim": DT})
    made = made.model_copy(update={"encoder": open_lengths(made.encoder)})
    if recipe == "supreme":
        open_resnet = made.resnet.model_copy(update={"samples": WINDOW.samples})
        made = made.model_copy(update={"resnet": open_resnet})
    encoder, _ = with_segments(made.encoder, config.segment_s, WINDOW)
    torch.manual_seed(0)
    return kind.assemble(made.model_copy(update={"encoder": encoder}), None, torch.randn(Q, DT))


def open_lengths(encoder: BaseModel) -> BaseModel:
    """As a recipe has it: the length of a segment is not set."""
    lengths = {"segment_samples", "max_segments"}
    return type(encoder).model_validate(encoder.model_dump(exclude=lengths))


def batch(b: int = 4) -> Batch:
    torch.manual_seed(1)
    t = WINDOW.samples
    there = torch.ones(b, 12, dtype=torch.bool), torch.ones(b, t, dtype=torch.bool)
    names, labels = ["a"] * b, torch.eye(b, Q)
    return Batch(torch.randn(b, 12, t), *there, names, torch.randn(b, DT), labels, names)


@pytest.mark.parametrize(("recipe", "name"), [row for row in ALL if row[0] in TESTED])
def test_every_variant_makes_a_step_and_answers(recipe, name):
    system, data = tiny(recipe, name), batch()
    losses = system.losses(data)
    losses["loss"].backward()
    assert all(torch.isfinite(value) for value in losses.values())
    torch.optim.AdamW(system.parameters(), lr=1e-3).step()
    system.eval()
    with torch.no_grad():
        parts = (data.ecg, data.lead_mask, data.sample_mask)
        logits = system.score_queries(*parts, torch.randn(3, DT))
        assert logits.shape == (4, 3) and torch.isfinite(logits).all()
        assert torch.isfinite(system.embed_ecg(*parts)).all()


@pytest.mark.parametrize(("recipe", "name"), ALL)
def test_every_variant_differs_from_the_published_settings_where_it_says(recipe, name):
    variant = RECIPES[recipe].variants[name]
    assert variant.table
    assert changed(recipe, name)
    said = flat(variant.override())
    assert changed(recipe, name).keys() <= said.keys()
    assert all(after == said[key] for key, (_, after) in changed(recipe, name).items())


def test_no_two_variants_are_the_same():
    for recipe, kind in RECIPES.items():
        seen = [repr(sorted(changed(recipe, name).items())) for name in kind.variants]
        assert len(set(seen)) == len(seen)


def test_the_papers_tables_are_complete():
    def after(name: str) -> object:
        ((_, value),) = changed("kmerl", name).values()
        return value

    layers = [after(f"query-layers-{n}") for n in (1, 2, 3, 5)]
    assert (
        layers == [1, 2, 3, 5] and KMERLRun(store="s", output="o").system.query_network.layers == 4
    )
    heads = [
        changed("kmerl", f"query-heads-{n}")["system.query_network.heads"][1] for n in (1, 2, 3, 5)
    ]
    assert heads == [1, 2, 3, 5]
    assert [after(f"query-weight-{w}") for w in ("0.25", "0.5", "0.75", "1.25")] == [
        0.25,
        0.5,
        0.75,
        1.25,
    ]
    assert [FS * after(f"token-size-{n}") for n in (25, 50, 125, 200)] == [25, 50, 125, 200]
    assert [after(f"mask-ratio-{n}") for n in (50, 75)] == [0.5, 0.75]
    assert after("masked-leads-from-10") == (10, 11)
    tables = {variant.table for variant in KMERLRun.variants.values()}
    assert {"Tab. 2", "Tab. 7a", "Tab. 7b", "Tab. 7d", "Tab. 7e", "Tab. 10", "Fig. 7"} <= tables


def test_sections_keep_what_a_variant_does_not_name():
    small = configured("supreme", "dropout-0.05").system
    assert (small.encoder.dropout, small.encoder.drop_path) == (0.05, 0.05)
    assert (small.encoder.segment_samples, small.query_network.head) == (125, "mlp")
    assert configured("supreme", "dropout-0.05").trainer == supreme.TRAINER


def test_what_the_caller_sets_wins_over_the_variant():
    given = {"encoder": {"dropout": 0.3}}
    config = configured("supreme", "dropout-0.05", system=given, trainer={"steps": 3})
    assert (config.system.encoder.dropout, config.system.encoder.drop_path) == (0.3, 0.05)
    assert config.trainer == supreme.TRAINER.model_copy(update={"steps": 3})


def test_a_section_given_whole_beside_a_variant_is_refused():
    whole = KMERLRun(store="s", output="o").system
    with pytest.raises(ValueError, match="'no-contrast' changes system, which is given as a whole"):
        configured("kmerl", "no-contrast", system=whole)
    assert configured("kmerl", "no-superclasses", system=whole).superclasses is False


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(CardiolexError, match="'no-contrst'; did you mean 'no-contrast'"):
        variant_named("no-contrst", KMERLRun.variants)
    with pytest.raises(CardiolexError, match="see --help"):
        variant_named("xyzzy", KMERLRun.variants)
    with pytest.raises(CardiolexError, match="has none"):
        variant_named("small", {})


def test_the_command_line_names_the_option_of_an_unknown_variant(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["pretrain", "kmerl", "store", "run", "--variant", "no-contrst"])
    shown = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert ended.value.code == 2
    assert "--variant: there is no variant 'no-contrst'; did you mean 'no-contrast'" in shown


def test_help_lists_every_variant_beside_its_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    for recipe, kind in RECIPES.items():
        with pytest.raises(SystemExit):
            main(["pretrain", recipe, "--help"])
        shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
        assert all(name in shown for name in kind.variants)
        assert all(variant.table in shown for variant in kind.variants.values())
    assert listed({"a": Variant("Tab. 1", {}), "b": Variant("Tab. 1", {})}).endswith(
        "Tab. 1: a, b."
    )


def test_any_recipe_takes_variants_in_the_same_way():
    class Inner(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        a: int = 1
        b: int = 2

    class Recipe(RecipeConfig):
        variants = {"more": Variant("Tab. 1", {"inner": Inner(b=5), "top": 7})}  # noqa: RUF012
        variant: str | None = None
        top: int = 0
        inner: Inner = Inner(a=9)

    made = Recipe.model_validate({"variant": "more"})
    assert (made.top, made.inner) == (7, Inner(a=9, b=5))
    assert made.said() == ("variant more (Tab. 1): inner.b = 5, top = 7",)
    assert Recipe().said() == ()


def test_lengths_follow_the_store_unless_they_are_set():
    quarter = Preprocess(fs=200.0, seconds=10.0)
    system = SuPreMERun(store="s", output="o").system
    made, notes = fitted(system, 0.25, quarter)
    assert (made.encoder.segment_samples, made.encoder.max_segments) == (50, 40)
    assert "50 samples" in notes[0]
    assert fitted(system, 0.25, Preprocess(fs=500.0)) == (system, ())
    resnet = configured("supreme", "resnet").system
    assert fitted(resnet, 0.25, quarter)[0].resnet.samples == 2000
    own = resnet.model_copy(update={"resnet": resnet.resnet.model_validate({"samples": 77})})
    assert fitted(own, 0.25, quarter)[0].resnet.samples == 77


def test_segments_that_do_not_fit_are_refused_with_those_that_do():
    encoder = SuPreMERun(store="s", output="o").system.encoder
    with pytest.raises(
        CardiolexError, match=r"segments of 0\.25 s; set segment_s to 0\.2 or 0\.4,"
    ):
        with_segments(encoder, 0.25, Preprocess(fs=250.0))  # 62.5 samples
    assert fitting(0.2, Preprocess(fs=500.0)) == (0.1, 0.25)
    assert fitting(1e-9, Preprocess(fs=500.0)) == (0.002,)


def test_the_documentation_has_every_variant_with_its_table_and_figure():
    page = (Path(__file__).parents[2] / "docs" / "ablations.md").read_text(encoding="utf-8")
    for kind in TESTED.values():
        for name, variant in kind.variants.items():
            rows = [
                line
                for line in page.splitlines()
                if line.startswith(f"| {variant.table} | `{name}` | ")
                and line.endswith(f" | {variant.published or '–'} |")
            ]
            assert len(rows) == 1, name
