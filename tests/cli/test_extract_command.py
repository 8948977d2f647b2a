"""The command `extract` from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardiolex.cli import main
from cardiolex.reports.tables import ReportLabels


def command(*tokens: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["extract", *tokens])
    return int(ended.value.code or 0)


def test_writes_everything_and_says_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "reports.csv", tmp_path / "out"
    source.write_text("id,report\n1,Sinus rhythm\n1,LBBB\n2,\n3,Possible LVH\n")
    assert command(str(source), str(out)) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {
        "labels.npz", "mentions.jsonl", "statistics.csv", "frequency.svg", "audit.html",
        "vocabulary.json",
    }  # fmt: skip
    said = capsys.readouterr()
    assert "2 records" in said.out
    assert "id was there before" in said.err and "no text" in said.err
    first = (out / "labels.npz").read_bytes(), (out / "mentions.jsonl").read_bytes()
    assert command(str(source), str(out)) == 0
    again = ReportLabels.load(out / "labels.npz")
    assert again.ids.tolist() == ["1", "3"]
    assert (out / "mentions.jsonl").read_bytes() == first[1]


def test_mistakes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "reports.csv"
    source.write_text("id,report\n1,Sinus rhythm\n")
    assert command(str(tmp_path / "none.csv"), str(tmp_path / "o")) == 1
    assert "no such file" in capsys.readouterr().err
    assert command(str(source), str(tmp_path / "o"), "--text", "befund") == 1
    assert "has no column 'befund'" in capsys.readouterr().err
    assert command(str(source), str(tmp_path / "o"), "--limit", "0") == 1
    assert command(str(source), str(source)) == 1
    assert "is a file" in capsys.readouterr().err
