import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from made_files import write_csv

from cardiolex.cli import main
from cardiolex.recordings.samples import FOLDER


@dataclass(frozen=True)
class Ended:
    """How a call ended and what it wrote where."""

    status: int
    out: str
    err: str


@pytest.fixture
def call(capsys):
    """Run a command in this process."""

    def run(*tokens) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(token) for token in tokens])
        return Ended(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def start():
    """Start `python -m cardiolex …` as a process of its own; whatever still runs is killed."""
    begun = []

    def run(*tokens, **options) -> subprocess.Popen:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        command = [sys.executable, "-m", "cardiolex", *map(str, tokens)]
        begun.append(subprocess.Popen(command, **pipes))
        return begun[-1]

    yield run
    for process in begun:
        process.kill()
        process.communicate()


@pytest.fixture
def ward(tmp_path):
    """A folder of recordings in several formats, one of them damaged."""
    folder = tmp_path / "ward"
    folder.mkdir()
    for name in ("ptb-xl/00010_hr", "cpsc2018/A0023"):
        for file in FOLDER.glob(f"{name}.*"):
            shutil.copy(file, folder)
    write_csv(folder / "holter.csv", seconds=24)
    whole = (folder / "00010_hr.hea").read_text()
    (folder / "broken.hea").write_text(whole.replace("00010_hr", "broken"))
    (folder / "notes.txt").write_text("not a recording")
    return folder


@pytest.fixture
def sample() -> Path:
    return FOLDER / "ludb" / "104.hea"
