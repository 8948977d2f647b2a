"""A text encoder adapted to texts by masked words, from files to a folder that loads."""

import json
import shutil

import pytest
import torch

from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.recipes.adapt_text import TextMLMRun, adapt, read_texts, text_mlm

PARTS = ["left bundle branch block", "right bundle branch block", "atrial fibrillation", "sinus"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Texts of few words in which the next word follows from the last."""
    folder = tmp_path_factory.mktemp("texts")
    lines = [f"{a} {b} {c} {d}" for a in PARTS for b in PARTS for c in PARTS for d in PARTS]
    (folder / "lines.txt").write_text("\n".join([*lines, *lines[:9]]))
    rows = ["id,report", *(f"{i},{line}." for i, line in enumerate(lines[:20]))]
    (folder / "table.csv").write_text("\n".join(rows))
    (folder / "other.txt").write_text("with or without\nnothing of the kind\n")
    return folder


def configured(texts, output, bert_folder, **changes) -> TextMLMRun:
    trainer = {"steps": 120, "lr": 5e-3, "batch_size": 32, "save_every": 60, "log_every": 60}
    settings = {
        "output": output,
        "encoder": str(bert_folder),
        "texts": (texts / "lines.txt",),
        "tokens": 40,
        "held_out": 0.25,
        "device": "cpu",
        "trainer": trainer,
    }
    return TextMLMRun.model_validate({**settings, **changes})


@pytest.fixture(scope="module")
def adapted(texts, bert_folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("adapted")
    config = configured(texts, output, bert_folder, control=(texts / "other.txt",))
    return output, adapt(config), config


def test_held_out_texts_are_filled_in_better_than_before_and_than_by_frequency(adapted):
    _, record, _ = adapted
    before, after = record["before"]["held_out"], record["after"]["held_out"]
    assert before["pieces_asked"] == after["pieces_asked"] > 50
    assert after["loss"] < 0.5 * before["loss"]
    assert after["perplexity"] < 0.8 * record["frequency_perplexity"]
    assert after["accuracy"] > before["accuracy"] + 0.2
    assert set(record["after"]) == {"held_out", "control"}
    assert not record["head_stored"]


def test_the_result_is_an_encoder_that_says_where_it_comes_from(adapted, bert_folder, tmp_path):
    output, record, config = adapted
    encoder = HuggingFaceText(output / "model")
    assert encoder.fingerprint != HuggingFaceText(bert_folder).fingerprint
    assert (encoder.query_pooling, encoder.report_pooling) == ("cls", "mean")
    stated = json.loads((output / "model" / "cardiolex.json").read_text())
    assert stated["text_mlm"]["after"] == record["after"]
    assert CausalText(output / "model").vocabulary_size == len(encoder.tokenizer) + 1
    again = config.model_copy(update={"encoder": str(output / "model"), "output": tmp_path})
    brief = again.trainer.model_copy(update={"steps": 1})
    more = adapt(again.model_copy(update={"trainer": brief}))
    assert more["head_stored"]  # so it goes on from what was measured
    assert more["before"]["held_out"] == record["after"]["held_out"]


def test_a_run_goes_on_as_if_it_had_not_been_stopped(adapted, texts, bert_folder, tmp_path):
    output, record, config = adapted
    shutil.copytree(output, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "model")
    shutil.rmtree(tmp_path / "run" / "training" / "step-00000120")
    again = adapt(config.model_copy(update={"output": tmp_path / "run"}))
    assert again["after"] == record["after"]
    a, b = (HuggingFaceText(p / "model").fingerprint for p in (output, tmp_path / "run"))
    assert a == b
    other = config.model_copy(update={"output": tmp_path / "run", "masked": 0.3})
    with pytest.raises(CardiolexError, match=r"settings.masked was 0.15, is 0.3"):
        adapt(other)


def test_texts_come_from_lines_and_tables_once_each(texts):
    lines = read_texts([texts / "lines.txt"])
    assert len(lines) == 256
    table = read_texts([texts / "table.csv"])
    assert table[0] == f"{lines[0]}."
    assert len(read_texts([texts / "lines.txt", texts / "lines.txt"])) == 256
    with pytest.raises(CardiolexError, match=r"absent\.txt"):
        read_texts([texts / "absent.txt"])


def test_the_command_says_what_was_measured(texts, bert_folder, tmp_path, capsys):
    brief = {"steps": 2, "batch_size": 8}
    assert text_mlm(configured(texts, tmp_path, bert_folder, trainer=brief)) == 0
    said = capsys.readouterr().out
    assert "held-out texts, before" in said and "held-out texts, after" in said
    assert "without its language model's head" in said
    (tmp_path / "lines.txt").write_text("sinus\n")
    with pytest.raises(CardiolexError, match="give more texts"):
        adapt(configured(tmp_path, tmp_path / "few", bert_folder))


def test_pooling_by_an_untrained_pooler_is_not_passed_on(texts, tmp_path):
    from tiny_bert import make_bert

    folder = make_bert(tmp_path / "bert", pooler=True)
    encoder = HuggingFaceText(folder)
    encoder.query_pooling = encoder.report_pooling = "pooler"
    encoder.save(tmp_path / "stated")
    brief = {"steps": 1, "batch_size": 8}
    adapt(configured(texts, tmp_path / "run", tmp_path / "stated", trainer=brief))
    result = HuggingFaceText(tmp_path / "run" / "model")
    assert (result.query_pooling, result.report_pooling) == ("cls", "cls")
    assert torch.isfinite(result.encode(["sinus"], "cls")).all()
