import pytest
from cyclopts import App
from pydantic import ValidationError

from cardiolex.cli import main
from cardiolex.recipes.bundled import SYSTEM, TRAINER, BundledRun, bundled
from cardiolex.recipes.kmerl import KMERLRun


def test_one_field_of_a_section_leaves_the_others_as_the_recipe_has_them():
    given = {"trainer": {"steps": 5}, "system": {"encoder": {"depth": 2}}}
    config = BundledRun.model_validate({"output": "o", "text_encoder": "t", **given})
    assert config.trainer == TRAINER.model_copy(update={"steps": 5})
    encoder = SYSTEM.encoder.model_copy(update={"depth": 2})
    assert config.system == SYSTEM.model_copy(update={"encoder": encoder})


def test_the_command_line_reaches_the_recipe_in_the_same_way(monkeypatch):
    seen = []
    monkeypatch.setattr("cardiolex.recipes.bundled.run", seen.append)
    monkeypatch.setattr("cardiolex.recipes.bundled.pretrain", lambda *_: None)
    app = App(result_action="return_value")
    app.default(bundled)
    app(["--output", "o", "--text-encoder", "t", "--trainer.lr", "0.5"], exit_on_error=False)
    assert seen[0].trainer == TRAINER.model_copy(update={"lr": 0.5})


def test_a_section_given_whole_is_taken_as_it_is():
    config = KMERLRun(store="s", output="o", trainer=TRAINER)
    assert config.trainer == TRAINER and config.trainer != KMERLRun(store="s", output="o").trainer


@pytest.mark.parametrize("given", [{"trainer": {"stepz": 5}}, {"trainer": 5}, {"trainers": {}}])
def test_unknown_fields_are_refused(given):
    with pytest.raises(ValidationError):
        KMERLRun.model_validate({"store": "s", "output": "o", **given})


def called(capsys, *tokens) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["pretrain", *tokens])
    shown = capsys.readouterr()
    return ended.value.code, " ".join((shown.out + shown.err).replace("│", " ").split())


def test_help_shows_the_defaults_of_the_recipe(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    status, shown = called(capsys, "bundled", "--help")
    assert status == 0
    for field, value in (
        ("--trainer.batch-size", TRAINER.batch_size),
        ("--trainer.steps", TRAINER.steps),
        ("--system.encoder.depth", SYSTEM.encoder.depth),
        ("--system.queries-per-step", SYSTEM.queries_per_step),
    ):
        after = shown.split(f"{field} ")[1]
        assert after.split("[default: ")[1].split("]")[0] == str(value), field


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (("--system.encoder.width", "100"), "--system.encoder: width = 100 cannot be divided"),
        (("--system.query-network.heads", "3"), "--system.query-network: width = 256 cannot be"),
        (("--trainer.lr", "-1"), "--trainer.lr: Input should be greater than 0 (given: -1)"),
    ],
)
def test_impossible_values_end_with_status_2_and_name_the_option(capsys, tokens, words):
    status, shown = called(capsys, "kmerl", "store", "output", *tokens)
    assert status == 2 and words in shown and "Traceback" not in shown


def test_none_on_the_command_line_switches_off_what_a_recipe_has_on(monkeypatch):
    seen = []
    monkeypatch.setattr("cardiolex.recipes.bundled.run", seen.append)
    monkeypatch.setattr("cardiolex.recipes.bundled.pretrain", lambda *_: None)
    app = App(result_action="return_value")
    app.default(bundled)
    app(["o", "t", "--trainer.clip", "none", "--trainer.average", "None"], exit_on_error=False)
    assert TRAINER.clip is not None and TRAINER.average is not None
    assert seen[0].trainer == TRAINER.model_copy(update={"clip": None, "average": None})
    with pytest.raises(ValidationError, match="valid number"):
        BundledRun.model_validate({"output": "o", "text_encoder": "t", "trainer": {"lr": "none"}})
