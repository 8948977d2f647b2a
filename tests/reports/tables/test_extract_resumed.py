"""Extraction that is killed, gone on with and divided: the files are the same to the byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cardiolex.reports import Vocabulary
from cardiolex.reports.corpus import MIMIC_STATEMENTS, lines
from cardiolex.reports.entities_found import Extraction
from cardiolex.reports.extract import bundled_rules
from cardiolex.reports.tables import Report, extract_table, parts
from cardiolex.reports.tables.parts import Part

pytestmark = pytest.mark.timeout(120)

COUNT, SIZE = 1200, 40
IDENTITY = ("the same reports",)

CHILD = """
import sys, time
from cardiolex.reports import Rules
from cardiolex.reports.corpus import MIMIC_STATEMENTS, lines
from cardiolex.reports.tables import Report, extract_table, parts
if __name__ == "__main__":
    folder, processes, count, size, pause = sys.argv[1:]
    parts.REPORTS = int(size)
    statements = lines(MIMIC_STATEMENTS)
    def reports():
        for n in range(int(count)):
            if n % int(size) == 0:
                time.sleep(float(pause))
            yield Report(f"r{n}", (statements[n], statements[7 * n % 900]))
    rules = Rules()
    extract_table(reports(), folder, extractor=rules, vocabulary=rules.vocabulary,
                  processes=int(processes), identity=("the same reports",))
"""


def reports() -> list[Report]:
    statements = lines(MIMIC_STATEMENTS)
    return [Report(f"r{n}", (statements[n], statements[7 * n % 900])) for n in range(COUNT)]


class Watched:
    """The bundled rules, with a list of what they were asked."""

    def __init__(self) -> None:
        rules = bundled_rules()
        self.name, self.version = rules.name, rules.version
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[Extraction]:
        self.asked += texts
        return bundled_rules()(texts)


def extract(folder: Path, identity: Sequence[str] = IDENTITY) -> Watched:
    watched = Watched()
    extract_table(
        reports(), folder, extractor=watched, vocabulary=Vocabulary.load(), identity=identity
    )
    return watched


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "REPORTS", SIZE)


@pytest.fixture
def whole(tmp_path: Path, small_parts: None) -> dict[str, bytes]:
    extract(tmp_path / "whole")
    return content(tmp_path / "whole")


def start(folder: Path, processes: int, pause: float = 0.02) -> subprocess.Popen[bytes]:
    script = folder.parent / "child.py"
    script.write_text(CHILD)
    numbers = map(str, (processes, COUNT, SIZE, pause))
    return subprocess.Popen([sys.executable, str(script), str(folder), *numbers])


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def children(process: subprocess.Popen[bytes]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and ") Z " not in stat.read_text()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_run_is_gone_on_with_and_gives_the_same_files(
    tmp_path: Path, whole: dict[str, bytes], processes: int
) -> None:
    folder = tmp_path / "killed"
    unfinished = folder / "unfinished"
    for moment in (2, 9):
        child = start(folder, processes)
        wait_for(lambda m=moment: len(list(unfinished.glob("[0-9]*.json"))) >= m)
        workers = children(child)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        wait_for(lambda w=workers: not any(runs(pid) for pid in w))
        assert {path.name for path in folder.iterdir()} == {"unfinished"}
    done = [int(path.stem) for path in unfinished.glob("[0-9]*.json")]
    assert len(done) >= 9
    watched = extract(folder)
    assert len(watched.asked) == 2 * (COUNT - SIZE * len(done))  # what was done stays done
    assert content(folder) == whole


def test_any_number_of_processes_gives_the_same_files(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    assert start(tmp_path / "many", processes=3, pause=0).wait() == 0
    assert content(tmp_path / "many") == whole


def test_a_kill_while_results_are_written_loses_nothing(
    tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: object) -> None:
        raise Killed

    folder = tmp_path / "late"
    monkeypatch.setattr("cardiolex.reports.tables.run.write_labels", killed)
    with pytest.raises(Killed):
        extract(folder)
    monkeypatch.undo()
    monkeypatch.setattr(parts, "REPORTS", SIZE)
    assert not extract(folder).asked
    assert content(folder) == whole


def test_parts_of_other_reports_are_not_used(tmp_path: Path, small_parts: None) -> None:
    folder = tmp_path / "out"
    extract(folder)
    (folder / "unfinished").mkdir()
    (folder / "unfinished" / "run.json").write_text("another run")
    (folder / "unfinished" / "000000.json").write_text("{}")
    assert len(extract(folder).asked) == 2 * COUNT
    assert not (folder / "unfinished").exists()


def test_without_an_identity_nothing_is_gone_on_with(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardiolex.reports.tables.run.write_labels", lambda *args: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            extract(tmp_path / "out", identity=())
    monkeypatch.undo()
    assert len(extract(tmp_path / "out", identity=()).asked) == 2 * COUNT


def test_parts_are_bounded_by_reports_and_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "REPORTS", 3)
    monkeypatch.setattr(parts, "CHARACTERS", 100)
    lengths = [10, 10, 10, 10, 90, 10, 300, 10]
    cut: list[Part] = list(parts.parts(Report(str(n), ("x" * n,)) for n in lengths))
    assert [[len(r.texts[0]) for r in part.reports] for part in cut] == [
        [10, 10, 10],
        [10, 90],
        [10, 300],
        [10],
    ]
    assert [part.number for part in cut] == [0, 1, 2, 3]
