"""`cardiolex vocabulary build --encoder`: names merged and mapped by an encoder, under guards."""

import csv

import numpy as np
import pytest

from cardiolex.encoders.text import HuggingFaceText
from cardiolex.reports.vocabulary import Vocabulary

NAMES = {
    "odd left hump": 9,
    "odd right hump": 8,
    "curious left hump": 7,
    "hump of curiosity": 6,
    "atrial fibrillation": 5,
}


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.csv"
    rows = [f"{name},{count}" for name, count in NAMES.items()]
    path.write_text("\n".join(["name,mentions", *rows]) + "\n")
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def settled(rows):
    return {r["name"]: (r["decision"], r["target"]) for r in rows if r["decision"] != "apart"}


def cosine(encoder, a, b):
    first, second = HuggingFaceText(str(encoder)).encode([a, b], "mean").numpy()
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def build(call, names, decisions, encoder, *more):
    return call("vocabulary", "build", names, decisions, "--encoder", encoder, *more)


def test_names_merge_by_the_encoder_s_cosine_and_never_against_a_guard(
    call, names, tmp_path, bert_folder
):
    out = tmp_path / "decisions.csv"
    # a network with random weights finds everything alike: only guards keep findings apart
    ended = build(call, names, out, bert_folder, "--merge-above", 0.2, "--map-above", 1.0)
    assert ended.status == 0, ended.err
    rows = rows_of(out)
    assert settled(rows)["atrial fibrillation"] == ("same", "atrial fibrillation")
    merged = [r for r in rows if r["reason"].startswith("cosine to")]
    assert merged
    for row in merged:
        expected = cosine(bert_folder, row["name"], row["reason"].split("'")[1])
        assert float(row["similarity"]) == pytest.approx(expected, abs=2e-3)
    prevented = {(r["name"], r["target"]): r["reason"] for r in rows if r["decision"] == "apart"}
    assert "left" in prevented["odd right hump", "odd left hump"]
    assert settled(rows)["odd right hump"][1] != "odd left hump"
    assert "clusters: " in ended.out and "merges prevented by a guard" in ended.out


def test_a_high_threshold_merges_nothing(call, names, tmp_path, bert_folder):
    out = tmp_path / "decisions.csv"
    assert build(call, names, out, bert_folder, "--merge-above", 1, "--map-above", 1).status == 0
    new = {name for name, (decision, _) in settled(rows_of(out)).items() if decision == "new"}
    assert new == set(NAMES) - {"atrial fibrillation"}


def test_what_is_near_a_finding_is_mapped_unless_a_person_forbids_it(
    call, names, tmp_path, bert_folder
):
    out = tmp_path / "decisions.csv"
    tokens = ("--merge-above", 1, "--map-above", -1)
    assert build(call, names, out, bert_folder, *tokens).status == 0
    rows = rows_of(out)
    mapped = [r for r in rows if r["decision"] == "same" and r["reason"] == "cosine"]
    assert mapped and all(r["target"] in Vocabulary.load() for r in mapped)
    first = mapped[0]
    text = out.read_text()
    line = next(line for line in text.splitlines() if line.startswith(f"same,{first['name']},"))
    out.write_text(text.replace(line, f"apart,{first['name']},{first['target']},,,,"))
    assert build(call, names, out, bert_folder, *tokens).status == 0
    again = settled(rows_of(out))[first["name"]]
    assert again[1] != first["target"]


def test_the_decisions_make_a_vocabulary(call, names, tmp_path, bert_folder):
    out, grown = tmp_path / "decisions.csv", tmp_path / "grown.toml"
    assert build(call, names, out, bert_folder, "--merge-above", 0.2, "--map-above", 1).status == 0
    assert call("vocabulary", "apply", out, grown, "--version", "mine").status == 0
    made = Vocabulary.load(grown)
    assert made.names[: len(Vocabulary.load())] == Vocabulary.load().names
    assert made.resolve("odd left hump") and made.resolve("odd right hump")
    assert made.resolve("odd left hump") != made.resolve("odd right hump")


def test_an_encoder_that_is_none_is_explained(call, names, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = build(call, names, tmp_path / "decisions.csv", tmp_path / "empty")
    assert ended.status == 1 and str(tmp_path / "empty") in ended.err
    assert not (tmp_path / "decisions.csv").exists()
