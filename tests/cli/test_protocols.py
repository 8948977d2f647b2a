import json

import numpy as np
import pytest
from made_files import write_csv

from cardiolex.recordings.leads import LEADS


@pytest.fixture
def labelled(tmp_path):
    """Twelve recordings of two kinds; the first and the second half as tables of their own too."""
    folder = tmp_path / "records"
    lines = []
    for number in range(12):
        rate = 60 + 60 * (number % 2) + number
        write_csv(folder / f"r{number}.csv", ["I", "II", "V1"], rate=rate)
        lines.append(f"r{number}.csv,{number % 2},{1 - number % 2}")
    tables = {"whole": lines, "first": lines[:6], "second": lines[6:]}
    for name, rows in tables.items():
        text = "\n".join(["record,atrial fibrillation,sinus rhythm", *rows]) + "\n"
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.fixture
def evaluate(call, labelled, model_folder, tmp_path):
    """Run `evaluate NAME TABLES…` with the tiny model; everything goes into one output folder."""

    def run(name, *tables, more=()):
        paths = [labelled / f"{table}.csv" for table in tables]
        options = ["--root", labelled / "records", "--model", model_folder, "--resamples", 20]
        return call("evaluate", name, *paths, *options, "--output", tmp_path / "out", *more)

    return run


def test_what_one_protocol_asked_the_next_finds(evaluate, tmp_path):
    first = evaluate("zero-shot", "whole", more=["--protocol", "published"])
    assert first.status == 0 and "12 answers of the model, 0 from" in first.out
    assert "F1 (test-optimal)" in first.out
    again = evaluate("subgroups", "whole")
    assert again.status == 0 and "0 answers of the model, 12 from" in again.out
    result = json.loads((tmp_path / "out" / "whole.json").read_text())
    assert "f1_test_optimal" in result["decisions_test_optimal"]["macro"]
    assert "f1" not in result["decisions_test_optimal"]["macro"]
    page = (tmp_path / "out" / "whole.html").read_text()
    assert "evaluate zero-shot" in page and "--resamples 20" in page
    assert "Data card" in page and "Model card: sharp 1.0" in page


def test_every_protocol_writes_its_files_and_page(evaluate, tmp_path):
    runs = {
        "robustness": ["--kinds", "mains,cables exchanged"],
        "lead-importance": ["--among", "I,II,V1", "--exhaustive"],
        "calibration": [],
        "seen": [],
        "prompts": [],
        "partial-leads": ["--groups", "single", "--sampled", "3"],
    }
    for name, more in runs.items():
        ended = evaluate(name, "whole", more=more)
        assert (name, ended.status, ended.err) == (name, 0, "")
        data = json.loads((tmp_path / "out" / f"whole-{name}.json").read_text())
        assert data["table"] == "whole" and data["model"] == "sharp 1.0"
        assert "data:image/svg+xml" in (tmp_path / "out" / f"whole-{name}.html").read_text()
    leads = json.loads((tmp_path / "out" / "whole-lead-importance.json").read_text())
    for one in leads["conditions"]:
        assert sum(one["shapley"].values()) == pytest.approx(one["auroc"] - 0.5, abs=1e-5)
    assert set(leads["leads"]) <= set(LEADS)


def test_two_models_and_two_tables(evaluate, model_folder, tmp_path):
    same = evaluate("compare", "whole", more=["--against", model_folder])
    result = json.loads((tmp_path / "out" / "whole-compare.json").read_text())
    assert same.status == 0 and result["macro_difference"]["value"] == 0
    assert all(one["p_delong"] == 1 for one in result["classes"])
    moved = evaluate("transfer", "first", "second")
    assert moved.status == 0 and "first to second" in moved.out
    alone = evaluate("transfer", "first")
    assert alone.status == 2 and "at least two tables" in alone.err


def test_thresholds_and_fits_from_a_validation_table(evaluate, labelled, tmp_path):
    ended = evaluate("zero-shot", "second", more=["--valid", labelled / "first.csv"])
    assert ended.status == 0 and "largest F1 on first (6 records)" in ended.out
    ended = evaluate("calibration", "second", more=["--valid", labelled / "first.csv"])
    assert ended.status == 0 and "on first (6 records)" in ended.out
    few = evaluate("calibration", "second")
    assert few.status == 1 and "too few for 5 folds" in few.err


def test_wrong_calls(evaluate):
    ended = evaluate("robustness", "whole", more=["--kinds", "gravity"])
    assert ended.status in (1, 2) and "no such disturbance: gravity" in ended.err
    ended = evaluate("partial-leads", "whole", more=["--groups", "odd"])
    assert ended.status == 2 and "--groups 'odd'" in ended.err


def test_an_ensemble_is_the_mean_of_its_wordings(model, model_folder, sample):
    from cardiolex import load, read
    from cardiolex.reports.prompts import wordings

    ecg = read(sample)

    asked = ("atrial fibrillation", "never heard of this")
    together = load(model_folder, device="cpu", prompts="ensemble")
    found = together.logits([ecg], asked)[0]
    vocabulary = together.checkpoint.vocabulary
    texts = wordings("atrial fibrillation", vocabulary, "ensemble")
    assert len(texts) > 3 and len(set(texts)) == len(texts)
    windows = together._windows([ecg], None)
    vectors = together.networks.vectors(list(texts))
    each = together.networks.forward(windows, lambda *x: together.system.score_queries(*x, vectors))
    assert found[0] == pytest.approx(float(each[0].mean()), abs=1e-4)
    alone = together.logits([ecg], asked[:1])[0]
    np.testing.assert_allclose(alone[0], found[0], atol=1e-5)
    named = model.logits([ecg], asked)[0]
    assert found[1] == pytest.approx(named[1], abs=1e-5)  # one wording only


def test_everything_is_one_page_that_says_what_failed(evaluate, tmp_path):
    ended = evaluate("everything", "first", more=["--without", "robustness,lead-importance"])
    assert ended.status == 1  # six patients are too few to fit a calibration on
    page = (tmp_path / "out" / "first-everything.html").read_text()
    assert "Zero-shot: first" in page and "Fewer leads: first" in page
    assert "Not measured" in page and "too few for 5 folds" in page
    assert "Robustness" not in page
    ended = evaluate("everything", "first", more=["--without", "luck"])
    assert ended.status == 2 and "--without 'luck'" in ended.err


def test_the_beginning_of_a_recording_is_another_question(evaluate, tmp_path):
    evaluate("zero-shot", "whole")
    ended = evaluate("zero-shot", "whole", more=["--first-seconds", "5"])
    assert ended.status == 0 and "12 answers of the model, 0 from" in ended.out
    page = (tmp_path / "out" / "whole.html").read_text()
    assert "median 5 (5 to 5), n = 12" in page


def test_features_of_a_probe_are_computed_once(evaluate, tmp_path):
    more = ["--shares", "50,100", "--draws", "2", "--folds", "2"]
    first = evaluate("linear-probe", "whole", more=more)
    assert first.status == 0 and "12 answers of the model, 0 from" in first.out
    again = evaluate("linear-probe", "whole", more=more)
    assert "0 answers of the model, 12 from" in again.out
    page = (tmp_path / "out" / "linear-probe.html").read_text()
    assert "Linear probe: whole" in page and "2 folds by patient" in page
    ended = evaluate("linear-probe", "whole", more=["--published", "merl"])
    assert ended.status == 2 and "give --valid and --test" in ended.err
