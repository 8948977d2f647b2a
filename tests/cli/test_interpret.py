import csv
import io
import json
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from made_files import write_csv

from cardiolex import read
from cardiolex.findings import findings_frame
from cardiolex.recordings.leads import LEADS

ASKED = "AF; left bundle branch block; purple heart"
COLUMNS = ["record", "condition", "probability", "decision", "leads"]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# ------------------------------------------------------------ what is written
def test_csv_is_long_and_equal_to_the_python_answers(call, ward, model, model_folder):
    files = [ward / name for name in ("00010_hr.hea", "A0023.mat", "holter.csv")]
    ended = call(
        "interpret", *files, "--conditions", ASKED, "--model", model_folder, "--format", "csv"
    )
    assert ended.status == 0
    got = rows(ended.out)
    assert ended.out.splitlines()[0] == ",".join(COLUMNS)
    asked = ASKED.split("; ")
    frame = findings_frame(list(model.interpret_many([read(file) for file in files], asked)))
    assert [row["record"] for row in got] == list(frame["record"])
    assert [row["condition"] for row in got] == asked * 3
    probabilities = [float(row["probability"]) for row in got]
    np.testing.assert_allclose(probabilities, frame["probability"], rtol=0, atol=1e-4)
    assert [int(row["decision"]) for row in got] == list(frame["decision"])
    assert [row["leads"] for row in got] == [" ".join(LEADS)] * 6 + ["I II"] * 3


def test_json_is_one_array_of_records(call, ward, model_folder):
    ended = call(
        "interpret",
        ward / "00010_hr.hea",
        ward / "holter.csv",
        *("--conditions", ASKED, "--model", model_folder, "--format", "json", "--leads", "II,I"),
    )
    records = json.loads(ended.out)
    assert [record["record"] for record in records] == ["00010_hr", "holter"]
    assert [len(record["window_starts_s"]) for record in records] == [1, 3]
    assert [f["query"] for f in records[0]["findings"]][:1] == ["atrial fibrillation"]
    assert all(record["leads"] == ["I", "II"] for record in records)
    assert all(record["model"] == "sharp 1.0" for record in records)


def test_the_table_marks_what_was_no_label_in_training(call, sample, model_folder):
    ended = call("interpret", sample, "--conditions", ASKED, "--model", model_folder)
    lines = ended.out.splitlines()
    assert lines[0].startswith(f"104  ({' '.join(LEADS)})  WFDB ")
    marked = {line.split("  ")[2]: "(not a label in training)" in line for line in lines[1:4]}
    assert marked == {"AF": False, "left bundle branch block": True, "purple heart": True}


def test_without_conditions_the_models_own_are_asked(call, sample, model, model_folder):
    ended = call("interpret", sample, "--model", model_folder, "--format", "csv")
    assert [row["condition"] for row in rows(ended.out)] == list(
        model.checkpoint.default_conditions
    )


def test_conditions_from_a_file(call, sample, model_folder, tmp_path):
    asked = tmp_path / "asked.txt"
    asked.write_text("# rhythm\nAF  # fibrillation\n\n  sinus rhythm\n", encoding="utf-8")
    ended = call(
        "interpret", sample, "--conditions", asked, "--model", model_folder, "--format", "csv"
    )
    assert [row["condition"] for row in rows(ended.out)] == ["AF", "sinus rhythm"]


def test_data_goes_to_stdout_and_words_to_stderr(call, sample, model_folder):
    ended = call(
        "interpret", sample, "--conditions", ASKED, "--model", model_folder, "--format", "csv"
    )
    assert len(rows(ended.out)) == 3
    assert "purple heart" in ended.err and "purple" in ended.out
    assert not any(row["record"].startswith("cardiolex") for row in rows(ended.out))
    quiet = call("interpret", sample, "--conditions", "AF", "--model", model_folder)
    assert quiet.err == ""


def test_a_misspelt_condition_is_answered_by_its_words_with_a_hint(call, sample, model_folder):
    ended = call("interpret", sample, "--conditions", "atrial fibrilation", "--model", model_folder)
    assert ended.status == 0
    assert "'atrial fibrilation' is no name in the model's vocabulary" in ended.err
    assert "did you mean 'atrial fibrillation'?" in ended.err


def test_a_known_name_that_was_not_learned_is_said_too(call, sample, model_folder):
    ended = call("interpret", sample, "--conditions", "AF; LBBB", "--model", model_folder)
    assert "'LBBB' is in the vocabulary but was no label in training" in ended.err
    assert "nearest in training: a" in ended.err  # atrial fibrillation or arrhythmia
    assert "'AF'" not in ended.err


def test_many_strange_conditions_are_no_flood(call, sample, model_folder):
    asked = "; ".join(f"strange thing {number}" for number in range(9))
    ended = call("interpret", sample, "--conditions", asked, "--model", model_folder)
    assert ended.err.count("rests on the meaning") == 5
    assert "4 more conditions were no label in training either" in ended.err


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_output_to_a_file_is_what_would_be_printed(call, sample, model_folder, tmp_path, form):
    tokens = ("interpret", sample, "--model", model_folder, "--format", form)
    printed = call(*tokens)
    target = tmp_path / "new" / f"out.{form}"
    ended = call(*tokens, "--output", target)
    assert (ended.status, ended.out) == (0, "")
    assert target.read_text(encoding="utf-8") == printed.out != ""
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_pictures_are_drawn_for_every_record(call, ward, model_folder, tmp_path):
    plots = tmp_path / "plots"
    ended = call(
        "interpret",
        ward / "A0023.hea",
        ward / "holter.csv",
        "--model",
        model_folder,
        "--plot",
        plots,
    )
    assert ended.status == 0
    assert sorted(path.name for path in plots.iterdir()) == ["A0023.png", "holter.png"]
    for path in plots.iterdir():
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
        assert len(data) > 30_000
    assert (
        call("interpret", ward / "A0023.hea", "--model", model_folder, "--plot", plots).status == 0
    )  # an existing folder is written into


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_python_writes_every_kind_of_picture(model, sample, tmp_path, form):
    path = model.interpret(read(sample)).plot(tmp_path / f"ecg.{form}")
    data = path.read_bytes()
    assert len(data) > 30_000
    if form == "svg":
        paths = ElementTree.fromstring(data).iter("{http://www.w3.org/2000/svg}path")
        assert max(len(one.get("d")) for one in paths) > 5_000  # a trace, not a frame
    elif form == "pdf":
        assert data.startswith(b"%PDF") and data.rstrip().endswith(b"%%EOF")


# ------------------------------------------------------------ which records
def test_a_damaged_file_is_reported_and_the_rest_is_answered(call, ward, model_folder):
    ended = call(
        "interpret", ward, "--conditions", "AF", "--model", model_folder, "--format", "csv"
    )
    assert ended.status == 1
    assert [row["record"] for row in rows(ended.out)] == ["00010_hr", "A0023", "holter"]
    assert f"cardiolex: {ward / 'broken.hea'}: names broken.dat, which is not there" in ended.err
    assert ended.err.endswith(f"cardiolex: 1 of 4 not done:\n  {ward / 'broken.hea'}\n")


def test_one_record_that_cannot_be_answered_does_not_end_the_others(call, model_folder, tmp_path):
    """Flat, too short, without the lead asked for: each is named, in a chunk with good ones."""
    folder = tmp_path / "mixed"
    write_csv(folder / "a.csv")
    write_csv(folder / "b.csv", leads=["II", "V1"])
    write_csv(folder / "c.csv", seconds=0.9)
    (folder / "d.csv").write_text("# fs: 500\n# unit: mV\nI\n" + "0.25\n" * 5000)
    write_csv(folder / "e.csv")
    tokens = ("--conditions", "AF", "--model", model_folder, "--format", "csv", "--leads", "I")
    ended = call("interpret", folder, *tokens)
    assert ended.status == 1
    assert [row["record"] for row in rows(ended.out)] == ["a", "e"]
    assert f"{folder / 'b.csv'}: recording 'b' has no lead I (it has II, V1)" in ended.err
    assert f"{folder / 'c.csv'}: recording 'c' lasts 0.9 s; at least 1 s" in ended.err
    assert f"{folder / 'd.csv'}: recording 'd': every lead is flat" in ended.err
    assert "3 of 5 not done" in ended.err


def test_a_record_named_by_header_and_signal_file_is_answered_once(call, sample, model_folder):
    files = [sample.with_suffix(".dat"), sample, sample.with_suffix(".dat")]
    tokens = ("--conditions", "AF", "--model", model_folder, "--format", "csv")
    assert len(rows(call("interpret", *files, *tokens).out)) == 1


def test_records_of_one_name_are_told_apart(call, model_folder, tmp_path):
    for place in ("p1", "p2"):
        write_csv(tmp_path / "in" / place / "ecg.csv")
    write_csv(tmp_path / "in" / "p2" / "other.csv")
    tokens = ("--conditions", "AF", "--model", model_folder, "--format", "csv")
    ended = call("interpret", tmp_path / "in", *tokens, "--plot", tmp_path / "plots")
    assert [row["record"] for row in rows(ended.out)] == ["p1/ecg", "p2/ecg", "other"]
    drawn = {path.relative_to(tmp_path / "plots").as_posix() for path in tmp_path.rglob("*.png")}
    assert drawn == {"p1/ecg.png", "p2/ecg.png", "other.png"}


def test_every_exam_of_a_file_is_answered(call, model_folder, tmp_path):
    import h5py
    from recordings.making import beats_like

    exams = np.stack([beats_like(rate, 10, 400)[0].T for rate in (50, 90, 140)])
    with h5py.File(tmp_path / "exams.hdf5", "w") as file:
        file["tracings"] = exams.astype(np.float32)
        file["exam_id"] = [11, 22, 33]
    tokens = ("--conditions", "AF", "--model", model_folder, "--format", "csv")
    ended = call("interpret", tmp_path / "exams.hdf5", *tokens)
    got = rows(ended.out)
    assert ended.status == 0 and [row["record"] for row in got] == ["11", "22", "33"]
    assert len({row["probability"] for row in got}) == 3


def test_leads_given_are_a_file_with_these_leads(call, model_folder, sample, tmp_path):
    part = tmp_path / "104.npz"
    whole = read(sample)
    chosen = whole.select(["II", "V2"])
    np.savez(part, ecg=chosen.mv, fs=chosen.fs, leads=np.array(chosen.leads), unit="mV")
    tokens = ("--model", model_folder, "--format", "csv")
    asked = call("interpret", sample, *tokens, "--leads", "v2, ii")
    alone = call("interpret", part, *tokens)
    assert asked.status == alone.status == 0
    one, other = rows(asked.out), rows(alone.out)
    assert [row["leads"] for row in one] == [row["leads"] for row in other] == ["II V2"] * 3
    a, b = ([float(row["probability"]) for row in part] for part in (one, other))
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)


@pytest.mark.parametrize("command", ["interpret", "inspect"])
def test_an_empty_folder_and_a_missing_one_are_failures(call, command, model_folder, tmp_path):
    options = ("--model", model_folder) if command == "interpret" else ()
    (tmp_path / "empty").mkdir()
    ended = call(command, tmp_path / "empty", *options)
    assert (ended.status, ended.out) == (1, "")
    assert f"{tmp_path / 'empty'}: the folder holds no recording" in ended.err
    ended = call(command, tmp_path / "none", *options)
    assert ended.status == 1 and f"{tmp_path / 'none'}: no such file or folder" in ended.err


# ------------------------------------------------------------ calls that cannot be meant
@pytest.mark.parametrize(
    ("tokens", "status", "words"),
    [
        (("--leads", "I,V7"), 2, "--leads: 'V7' is none of I, II, III, aVR"),
        (("--leads", ""), 2, "--leads: '' is none of"),
        (("--conditions", " ; "), 2, "holds no condition; write e.g. 'a; b'"),
        (("--conditions", "missing.txt"), 2, "--conditions missing.txt: no such file"),
        (("--format", "xml"), 2, 'Invalid value "xml"'),
        (("--modle", "x"), 2, "Did you mean --model?"),
    ],
)
def test_impossible_options_are_named_with_a_remedy(
    call, sample, model_folder, tokens, status, words
):
    ended = call("interpret", sample, "--model", model_folder, *tokens)
    assert (ended.status, ended.out) == (status, "")
    assert words in " ".join(ended.err.split())


def test_a_very_long_question_is_a_question(call, sample, model_folder):
    text = "a slow rhythm with wide beats and " * 20
    ended = call("interpret", sample, "--model", model_folder, "--conditions", text)
    assert ended.status == 0 and "a slow rhythm" in ended.out


def test_models_that_are_none_are_named(call, sample, tmp_path, model_folder):
    ended = call("interpret", sample, "--model", tmp_path / "nowhere")
    assert ended.status == 1 and f"{tmp_path / 'nowhere'}: no such checkpoint folder" in ended.err
    ended = call("interpret", sample, "--model", tmp_path)
    assert ended.status == 1 and f"{tmp_path}: holds no checkpoint; name one" in ended.err
    shutil.copytree(model_folder, tmp_path / "copy")
    weights = tmp_path / "copy" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    ended = call("interpret", sample, "--model", tmp_path / "copy")
    assert (ended.status, ended.out) == (1, "")
    assert f"{weights}: cannot be read" in ended.err and "fetch it again" in ended.err


def test_outputs_that_cannot_be_written_are_named_before_any_work(
    call, sample, model_folder, tmp_path
):
    (tmp_path / "file").write_text("mine")
    tokens = ("interpret", sample, "--model", model_folder)
    for target in (tmp_path, tmp_path / "file" / "out.csv"):
        ended = call(*tokens, "--output", target)
        assert ended.status == 1 and ended.err.startswith(f"cardiolex: {tmp_path}")
        assert "folder" in ended.err
    ended = call(*tokens, "--plot", tmp_path / "file")
    assert ended.status == 1 and "is a file where a folder is needed" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"
