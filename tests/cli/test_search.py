import csv
import io
import json
import shutil

import numpy as np
import pytest
from made_files import write_csv

from cardiolex import read
from cardiolex.cli import main
from cardiolex.interpreter import BUNDLED
from cardiolex.recordings.samples import FOLDER
from cardiolex.search import SearchIndex

REPORTS = """record,patient,report
00010_hr,p1,Sinus rhythm. Normal ecg.
cpsc2018/A0023.hea,p2,Left bundle branch block in atrial fibrillation.
elsewhere,p3,sinus rhythm. normal ECG.
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    path = tmp_path_factory.mktemp("reports") / "reports.csv"
    path.write_text(REPORTS)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for name in ("ptb-xl/00010_hr", "cpsc2018/A0023"):
        for file in FOLDER.glob(f"{name}.*"):
            shutil.copy(file, folder)
    write_csv(folder / "holter.csv", seconds=24)
    return folder


@pytest.fixture(scope="module")
def index(recordings, reports, model_folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("indices") / "index"
    options = {"--reports": reports, "--output": target, "--model": model_folder}
    tokens = [str(token) for pair in options.items() for token in pair]
    with pytest.raises(SystemExit) as ended:
        main(["search", "build", str(recordings), *tokens])
    assert ended.value.code == 0
    return target


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_recording_finds_others_and_never_itself(call, index, recordings, model):
    found = call("search", "find", index, recordings / "A0023.hea", "--format", "csv")
    assert (found.status, found.err) == (0, "")
    hits = [row for row in rows(found.out) if row["among"] == "recordings"]
    assert {row["id"] for row in hits} == {"00010_hr", "holter"}
    files = {"00010_hr": "00010_hr.hea", "holter": "holter.csv"}
    others = model.project([read(recordings / files[row["id"]]) for row in hits])
    (cosines,) = model.project([read(recordings / "A0023.hea")]) @ others.T
    np.testing.assert_allclose([float(row["similarity"]) for row in hits], cosines, atol=1e-4)
    assert cosines[0] >= cosines[1]


def test_recordings_carry_what_the_table_says_of_them(call, index, recordings):
    found = call("search", "find", index, recordings / "holter.csv", "--format", "csv", "--top", 9)
    told = {row["id"]: (row["patient"], row["report"]) for row in rows(found.out)}
    assert told["00010_hr"] == ("p1", "Sinus rhythm. Normal ecg.")
    assert told["A0023"] == ("p2", "Left bundle branch block in atrial fibrillation.")
    counts = {r["report"]: r["records"] for r in rows(found.out) if r["among"] == "reports"}
    assert counts["Sinus rhythm. Normal ecg."] == "2"


def test_a_sentence_finds_reports_of_the_same_words_first(call, index, model):
    asked = "Left bundle branch block in atrial fibrillation."
    found = call("search", "find", index, "--text", asked, "--text", "Sinus rhythm. Normal ecg.",
                 "--among", "reports", "--top", 1, "--format", "json")  # fmt: skip
    first, second = json.loads(found.out)
    assert first["query"] == first["hits"][0]["report"] == asked and first["kind"] == "text"
    assert first["hits"][0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert second["hits"][0]["records"] == 2 and len(second["hits"]) == 1


def test_a_table_for_reading_says_whose_the_reports_are(call, index):
    found = call("search", "find", index, "--text", "sinus rhythm")
    lines = found.out.splitlines()
    assert lines[0] == "sinus rhythm" and "  nearest recordings" in lines
    assert any("00010_hr and 1 more: Sinus rhythm. Normal ecg." in line for line in lines)


def test_the_model_of_the_index_is_used_and_no_other(call, index, model_folder, tmp_path):
    assert SearchIndex(index).maker.folder == str(model_folder)
    refused = call("search", "find", index, "--text", "sinus", "--model", BUNDLED)
    assert refused.status == 1 and "do not compare" in refused.err and "sharp 1.0" in refused.err
    index = shutil.copytree(index, tmp_path / "copy")
    header = json.loads((index / "index.json").read_text())
    header["maker"]["folder"] = "/gone"
    (index / "index.json").write_text(json.dumps(header))
    gone = call("search", "find", index, "--text", "sinus")
    assert gone.status == 1 and "name its folder with --model" in gone.err
    moved = call("search", "find", index, "--text", "sinus", "--model", model_folder)
    assert moved.status == 0


def test_pictures_of_the_nearest(call, index, recordings, tmp_path):
    found = call("search", "find", index, recordings / "A0023.hea", "--text", "a/b: sinus",
                 "--plot", tmp_path / "p", "--output", tmp_path / "found.csv",
                 "--format", "csv")  # fmt: skip
    assert (found.status, found.out) == (0, "")
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "A0023.png",
        "a-b--sinus.png",
    ]
    assert len((tmp_path / "found.csv").read_text().splitlines()) == 1 + 2 + 2 + 3 + 2


def test_what_cannot_be_read_is_reported_and_the_rest_indexed(call, ward, model_folder, tmp_path):
    built = call("search", "build", ward, "--output", tmp_path / "i", "--model", model_folder)
    assert built.status == 1 and str(ward / "broken.hea") in built.err
    assert built.out.startswith("3 recordings, 0 different reports")
    none = call("search", "find", tmp_path / "i", "--text", "x", "--among", "reports")
    assert none.status == 1 and "holds no reports" in none.err


def test_reports_alone_can_be_searched(call, reports, model_folder, tmp_path):
    built = call("search", "build", "--reports", reports, "--output", tmp_path / "i",
                 "--model", model_folder)  # fmt: skip
    assert built.out.startswith("0 recordings, 2 different reports")
    found = call("search", "find", tmp_path / "i", "--text", "sinus", "--format", "csv")
    assert {row["among"] for row in rows(found.out)} == {"reports"}


@pytest.mark.parametrize(
    ("tokens", "status", "message"),
    [
        (("build", "--output", "i"), 2, "name recordings, --reports FILE.csv, or both"),
        (("find", "none"), 2, "nothing to search with"),
        (("find", "none", "--text", "x"), 1, "is no search index"),
        (("find", "none", "--text", "x", "--top", "0"), 2, "--top 0"),
    ],
)
def test_calls_that_cannot_be_meant(call, tokens, status, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = call("search", *tokens)
    assert ended.status == status and message in " ".join(ended.err.split())
