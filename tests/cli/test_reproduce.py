"""Comparisons and fine-tuning from the command line; training itself is tested with the recipes."""

import json
import shutil

import pytest
from made_files import write_csv

from cardiolex.cli.reproduce import Runs
from cardiolex.recipes.comparison import Model
from cardiolex.recordings.leads import LEADS


@pytest.fixture
def labelled(tmp_path):
    """Twelve recordings of all leads, of two kinds."""
    folder = tmp_path / "records"
    lines = ["record,atrial fibrillation,sinus rhythm"]
    for number in range(12):
        write_csv(folder / f"r{number}.csv", LEADS, rate=60 + 60 * (number % 2))
        lines.append(f"r{number}.csv,{number % 2},{1 - number % 2}")
    table = tmp_path / "small.csv"
    table.write_text("\n".join(lines) + "\n")
    return table, folder


@pytest.fixture
def two_models(monkeypatch, model_folder, tmp_path):
    """Two copies of a tiny model stand for what a comparison trains."""
    other = tmp_path / "other"
    shutil.copytree(model_folder, other)
    models = {"one": Model(model_folder, {"steps": 3}), "other": Model(other, {"steps": 4})}
    monkeypatch.setattr(Runs, "train", lambda self, names: models)
    return models


def test_an_ablation_is_measured_with_all_leads_and_with_one(call, labelled, two_models, tmp_path):
    table, folder = labelled
    ended = call(
        *("reproduce", "ablations", table, "--root", folder),
        *("--output", tmp_path / "out", "--resamples", 20),
    )
    assert ended.status == 0, ended.err
    assert "12 leads" in ended.out and "lead I alone" in ended.out
    found = json.loads((tmp_path / "out" / "ablations.json").read_text())
    assert set(found["one"]["leads"]) == {"1", "12"}
    apart = found["other"]["leads"]["12"]["minus_first"]
    assert (apart["value"], apart["low"], apart["high"]) == (0, 0, 0)  # the same weights
    assert (tmp_path / "out" / "ablations.svg").is_file()


def test_encoders_are_probed_side_by_side(call, labelled, two_models, tmp_path):
    table, folder = labelled
    ended = call(
        *("reproduce", "baselines", table, "--root", folder, "--folds", 2, "--draws", 1),
        *("--output", tmp_path / "out", "--resamples", 20, "--shares", "50,100"),
    )
    assert ended.status == 0, ended.err
    found = json.loads((tmp_path / "out" / "baselines.json").read_text())
    assert set(found["one"]["shares"]) == {"0.5", "1"}
    assert found["one"]["shares"]["1"] != found["one"]["shares"]["0.5"]
    assert found["other"]["facts"] == {"steps": 4}


@pytest.mark.parametrize("scratch", [False, True])
def test_any_model_is_fine_tuned(call, labelled, model_folder, tmp_path, scratch):
    table, folder = labelled
    before = (model_folder / "model.safetensors").read_bytes()
    ended = call(
        *("evaluate", "fine-tune", table, "--root", folder, "--model", model_folder),
        *("--leads", "I", "--folds", 2, "--shares", 100, "--epochs", 0.1, "--resamples", 20),
        *("--output", tmp_path / "out", *["--from-scratch"] * scratch),
    )
    assert ended.status == 0, ended.err
    (found,) = json.loads((tmp_path / "out" / "fine-tune.json").read_text())
    assert found["protocol"] == "2 folds by patient, fine-tuned"
    assert found["model"].endswith("from scratch") == scratch
    assert (model_folder / "model.safetensors").read_bytes() == before


def test_a_wrong_call_is_told_what_is_wrong(call, labelled, model_folder):
    table, folder = labelled
    ended = call(
        *("evaluate", "fine-tune", table, table, "--root", folder, "--model", model_folder),
        *("--test", table),
    )
    assert ended.status == 2 and "one training table" in ended.err
