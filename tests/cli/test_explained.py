"""Evidence and few leads on the command line."""

import json

import pytest

from cardiolex import read
from cardiolex.cli import main
from cardiolex.recordings.samples import sample_paths

PATH = str(sample_paths()[0])


def called(capsys, *tokens):
    with pytest.raises(SystemExit) as ended:
        main(["interpret", PATH, "--leads", "I,II", *tokens])
    return ended.value.code, capsys.readouterr()


def test_evidence_and_few_leads_stand_beside_the_findings(model_folder, tmp_path, capsys):
    ask = ["--conditions", "sinus rhythm", "--model", str(model_folder), "--format", "json"]
    ask += ["--explain", "sinus rhythm", "--few-leads", "sinus rhythm", "--plot", str(tmp_path)]
    code, said = called(capsys, *ask)
    assert code == 0, said.err
    (told,) = json.loads(said.out)
    (why,) = told["explanations"]
    assert why["method"] == "gradient" and set(why["by_lead"]) == {"I", "II"}
    assert why["deletion"]["draws"] == 8
    few = told["sufficient"]["sinus rhythm"]
    assert set(few["leads"]) <= {"I", "II"} and few["smallest"]
    name = read(PATH).id
    assert (tmp_path / f"{name}.sinus-rhythm.png").stat().st_size > 20_000
    assert (tmp_path / f"{name}.png").is_file()


def test_a_blank_condition_fails_before_anything_is_read(model_folder, capsys):
    code, said = called(capsys, "--model", str(model_folder), "--explain", " ; ")
    assert code == 2 and "--explain" in said.err and not said.out
