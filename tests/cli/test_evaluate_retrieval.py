import json

import pytest

from cardiolex.recordings.samples import FOLDER

RECORDS = ("ptb-xl/00010_hr.hea", "cpsc2018/A0023.hea", "ludb/104.hea")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "told.csv"
    reports = ("Sinus rhythm.", "sinus rhythm.", "Vorhofflimmern")
    lines = [f"{record},{report}" for record, report in zip(RECORDS, reports, strict=True)]
    path.write_text("\n".join(["record,report", *lines]) + "\n")
    return path


def test_figures_are_printed_and_written(call, model_folder, table, tmp_path):
    ended = call(
        "evaluate", "retrieval", table, "--root", FOLDER, "--model", model_folder,
        "--resamples", 20, "--output", tmp_path / "out",
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    content = json.loads((tmp_path / "out" / "told-retrieval.json").read_text())
    assert (content["n_records"], content["n_reports"], content["model"]) == (3, 2, "sharp 1.0")
    kinds = [(one["direction"], one["hits_are"]) for one in content["figures"]]
    assert kinds == [
        ("ECG to report", "the same words"),
        ("ECG to report", "its own only"),
        ("report to ECG", "the same words"),
        ("report to ECG", "its own only"),
        ("ECG to ECG", "the same findings"),
    ]
    alike = content["figures"][-1]
    assert (alike["n_queries"], alike["n_without_hit"], alike["n_gallery"]) == (2, 1, 2)
    own = content["figures"][1]
    assert own["recall"]["5"]["value"] == 1 and own["recall_by_chance"]["1"] == pytest.approx(1 / 3)
    assert (tmp_path / "out" / "told-retrieval.md").read_text() in ended.out
    page = (tmp_path / "out" / "told-retrieval.html").read_text()
    assert 'alt="Recall against chance' in page and "data:image/svg+xml" in page


def test_records_that_cannot_be_used_are_listed(call, model_folder, table, tmp_path):
    for name in RECORDS[:2]:
        folder = tmp_path / "root" / name.split("/")[0]
        folder.mkdir(parents=True, exist_ok=True)
        for file in (FOLDER / name).parent.glob(f"{name.split('/')[1][:-4]}.*"):
            (folder / file.name).write_bytes(file.read_bytes())
    (tmp_path / "root" / "ludb").mkdir()
    (tmp_path / "root" / RECORDS[2]).write_text("broken")
    ended = call(
        "evaluate", "retrieval", table, "--root", tmp_path / "root", "--model", model_folder,
        "--resamples", 5, "--words", "findings",
    )  # fmt: skip
    assert ended.status == 1 and f"Not readable: {RECORDS[2]}" in ended.out
    assert "2 records of 2 patients, 1 different reports" in ended.out


def test_a_table_without_reports_is_refused(call, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("record,sinus rhythm\na.hea,1\n")
    ended = call("evaluate", "retrieval", path, "--root", tmp_path)
    assert ended.status == 1 and "no column 'report'" in ended.err
