"""From reports over names and reviewed decisions to labels, on the command line."""

import csv
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Fail, Server, knows, serving

from cardiolex.cli import main

pytestmark = pytest.mark.timeout(60)

TABLE = {
    "sinus rhythm": ["sinus rhythm"],
    "odd hump in v1": ["odd hump in v1"],
    "odd hump": ["odd hump"],
    "lbbb": ["lbbb", "rbbb"],
}


def call(*tokens: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(token) for token in tokens])
    return int(ended.value.code or 0)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    path = tmp_path / "reports.csv"
    path.write_text(
        "id,report\n1,Sinus rhythm. Odd hump\n2,LBBB. Odd hump in V1\n3,Sinus rhythm\n",
        encoding="utf-8",
    )
    return path


def llm(server: Server) -> list[str]:
    return ["--extractor", "llm", "--url", server.url, "--model", "m"]


def test_from_reports_to_reviewed_labels(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with serving(knows(TABLE)) as server:
        assert call("extract", reports, out, *llm(server), "--dry-run") == 0
        assert "5 statements, 4 distinct" in capsys.readouterr().out
        assert not server.requests
        assert not out.exists()
        assert call("extract", reports, out, *llm(server)) == 0
        asked = len(server.requests)
        assert asked == 8  # four statements, four supported names
        assert "2 names are not in the vocabulary" in capsys.readouterr().out
        names = dict(list(csv.reader((out / "names.csv").open(encoding="utf-8")))[1:])
        assert names == {"sinus rhythm": "2", "lbbb": "1", "odd hump": "1", "odd hump in v1": "1"}
        statistics = (out / "llm_statistics.csv").read_text(encoding="utf-8")
        assert "mentions rejected: unsupported,1\n" in statistics

        decisions = out / "decisions.csv"
        assert call("vocabulary", "build", out / "names.csv", decisions) == 0
        text = decisions.read_text(encoding="utf-8")
        assert "new,odd hump,," in text
        edited = text.replace("new,odd hump in v1,", "same,odd hump in v1,odd hump")
        decisions.write_text(edited, encoding="utf-8")
        assert call("vocabulary", "build", out / "names.csv", decisions) == 0  # the edit stays
        grown = tmp_path / "grown.toml"
        assert call("vocabulary", "apply", decisions, grown) == 0
        again = tmp_path / "again"
        options = ["--vocabulary", grown, "--decisions", decisions]
        journal = ["--journal", out / "answers.sqlite"]
        assert call("extract", reports, again, *llm(server), *options, *journal) == 0
        assert len(server.requests) == asked  # every answer was in the journal
        mentions = (again / "mentions.jsonl").read_text(encoding="utf-8").splitlines()
        assert '"name": "odd hump"' in mentions[0]
        assert '"name": "odd hump"' in mentions[1]


def test_names_count_every_repeat_of_a_text(tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    rows = "".join(f"{number},Sinus rhythm\n" for number in range(2500))  # more than one chunk
    path.write_text("id,report\n" + rows, encoding="utf-8")
    with serving(knows(TABLE)) as server:
        assert call("extract", path, tmp_path / "out", *llm(server)) == 0
        assert len(server.requests) == 2  # the statement and its name, once
    lines = (tmp_path / "out" / "names.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "sinus rhythm,2500"
    statistics = (tmp_path / "out" / "llm_statistics.csv").read_text(encoding="utf-8")
    assert "texts,2500\n" in statistics


def test_what_is_left_out_is_said_and_fails(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(request: dict[str, Any], before: int) -> Any:
        if "LBBB" in request["messages"][-1]["content"]:
            return Fail(400, message="content_filter")
        return knows(TABLE)(request, before)

    with serving(script) as server:
        assert call("extract", reports, tmp_path / "out", *llm(server)) == 1
    assert "1 statements refused" in capsys.readouterr().err
    assert (tmp_path / "out" / "labels.npz").exists()


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--extractor", "llm"], 2, "name the model by --model"),
        (["--dry-run"], 2, "add --extractor llm"),
        (["--extractor", "llm", "--model", "m", "--url", "localhost:8000"], 1, "is no address"),
        (["--extractor", "llm", "--model", "m", "--key-variable", "NOT_SET_AT_ALL"], 1,
         "NOT_SET_AT_ALL is not set"),
    ],
)  # fmt: skip
def test_impossible_calls_are_explained(
    reports: Path,
    tmp_path: Path,
    options: list[str],
    status: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("extract", reports, tmp_path / "out", *options) == status
    assert message in capsys.readouterr().err


def test_names_files_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names.csv").write_text("name,mentions\nlbbb,many\n", encoding="utf-8")
    assert call("vocabulary", "build", tmp_path / "names.csv", tmp_path / "d.csv") == 1
    assert "'many' is no number of mentions" in capsys.readouterr().err
    (tmp_path / "empty.csv").write_text("name,mentions\n", encoding="utf-8")
    assert call("vocabulary", "build", tmp_path / "empty.csv", tmp_path / "d.csv") == 1
    assert "holds no name" in capsys.readouterr().err
    options = ["--merge-above", "1.5"]
    (tmp_path / "names.csv").write_text("lbbb\nodd hump\n", encoding="utf-8")
    assert call("vocabulary", "build", tmp_path / "names.csv", tmp_path / "d.csv", *options) == 2


def test_the_client_is_an_extra_that_is_named_when_missing(
    reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    import sys

    monkeypatch.setitem(sys.modules, "openai", None)
    options = ["--extractor", "llm", "--model", "m"]
    assert call("extract", reports, tmp_path / "out", *options) == 1
    assert "pip install 'cardiolex[llm]'" in capsys.readouterr().err
    assert call("extract", reports, tmp_path / "out2", *options, "--dry-run") == 0
