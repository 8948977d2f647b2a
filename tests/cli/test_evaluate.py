import json

import numpy as np
import pytest
from made_files import write_csv

from cardiolex.checkpoint import load_checkpoint


@pytest.fixture
def labelled(tmp_path):
    """Ten good recordings of two kinds; two that nobody can answer, one with V1 off."""
    folder = tmp_path / "records"
    lines = ["record,atrial fibrillation,sinus rhythm"]
    for number in range(10):
        write_csv(folder / f"r{number}.csv", ["I", "II", "V1"], rate=60 + 60 * (number % 2))
        lines.append(f"r{number}.csv,{number % 2},{1 - number % 2}")
    write_csv(folder / "short.csv", seconds=0.9)
    (folder / "flat.csv").write_text("# fs: 500\n# unit: mV\nI,II\n" + "0.1,0.2\n" * 5000)
    (folder / "r0.csv").write_text(
        "# fs: 500\n# unit: mV\nI,V1\n"
        + "".join(f"{np.sin(i / 40) ** 9:.4f},0.3\n" for i in range(5000))
    )
    lines += ["short.csv,1,0", "flat.csv,0,1"]
    table = tmp_path / "small.csv"
    table.write_text("\n".join(lines) + "\n")
    return table, folder


def test_what_cannot_be_answered_is_listed_and_the_rest_is_measured(
    call, labelled, model_folder, tmp_path
):
    table, folder = labelled
    ended = call(
        *("evaluate", "zero-shot", table, "--root", folder, "--model", model_folder),
        *("--resamples", 20, "--output", tmp_path / "out"),
    )
    assert ended.status == 1 and "Traceback" not in ended.err
    assert "atrial fibrillation" in ended.out and "sinus rhythm" in ended.out
    written = sorted(path.suffix for path in (tmp_path / "out").iterdir())
    assert {".json", ".md", ".png"} <= set(written)
    result = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    listed = json.dumps(result)
    assert "short.csv" in listed and "flat.csv" in listed
    assert '"r0.csv"' not in listed


def test_a_lead_that_is_off_does_not_end_the_evaluation(call, labelled, model_folder):
    table, folder = labelled
    ended = call(
        *("evaluate", "zero-shot", table, "--root", folder, "--model", model_folder),
        *("--resamples", 20, "--leads", "V1"),
    )
    assert ended.status == 1 and "Traceback" not in ended.err
    assert "atrial fibrillation" in ended.out


def test_a_probe_leaves_out_who_lacks_a_lead_and_says_so(call, labelled, model_folder, tmp_path):
    table, folder = labelled
    ended = call(
        *("evaluate", "linear-probe", table, "--root", folder, "--model", model_folder),
        *("--leads", "II", "--shares", 100, "--folds", 2, "--draws", 1, "--resamples", 20),
        *("--output", tmp_path / "out"),
    )
    assert "small: 1 of 10 recordings are left out, since they lack one of II\n" in ended.err
    (probed,) = json.loads((tmp_path / "out" / "linear-probe.json").read_text())
    assert probed["n_test"] == 9


def test_calibration_becomes_part_of_a_copy(call, labelled, model_folder, tmp_path):
    table, folder = labelled
    before = (model_folder / "model.safetensors").read_bytes()
    ended = call(
        *("calibrate", table, "--root", folder, "--model", model_folder),
        *("--output", tmp_path / "fitted"),
    )
    assert ended.status == 1  # two records could not be read
    fitted = load_checkpoint(tmp_path / "fitted")
    assert "small" in fitted.calibration.fitted_on
    assert (model_folder / "model.safetensors").read_bytes() == before
    assert (tmp_path / "fitted" / "model.safetensors").read_bytes() == before


def test_a_checkpoint_never_replaces_other_files(call, labelled, model_folder, tmp_path):
    table, folder = labelled
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("years of work")
    ended = call(
        *("calibrate", table, "--root", folder, "--model", model_folder, "--output", home),
    )
    assert ended.status == 1 and f"{home}: holds other files" in ended.err
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]


def test_missing_tables_and_folders_are_named(call, labelled, model_folder, tmp_path):
    table, folder = labelled
    tokens = ("--model", model_folder)
    ended = call("evaluate", "zero-shot", tmp_path / "none.csv", "--root", folder, *tokens)
    assert ended.status == 1 and str(tmp_path / "none.csv") in ended.err
    ended = call("evaluate", "zero-shot", table, "--root", tmp_path / "none", *tokens)
    assert ended.status == 1 and "no such folder" in ended.err
