"""Commands as processes of their own: killed, interrupted, read from and looked at."""

import csv
import json
import os
import pty
import shutil
import signal
import time

import pytest

from cardiolex.recordings.samples import FOLDER
from cardiolex.reports.vocabulary import Vocabulary


@pytest.fixture
def long_list(tmp_path):
    """So many questions that a recording's answers fill a pipe."""
    path = tmp_path / "all.txt"
    path.write_text("\n".join(Vocabulary.load().names))
    return path


COUNT = 24
"""Recordings of `crowd`: drawing them takes so long that a signal always comes in between."""


@pytest.fixture
def crowd(tmp_path):
    """A folder of recordings that share a signal file."""
    folder = tmp_path / "crowd"
    folder.mkdir()
    header = (FOLDER / "ludb" / "104.hea").read_text()
    shutil.copy(FOLDER / "ludb" / "104.dat", folder)
    for number in range(COUNT):
        name = f"r{number:02d}"
        (folder / f"{name}.hea").write_text(header.replace("104 ", f"{name} ", 1))
    return folder


def heed_interruptions():
    """A shell lets what it starts in the background ignore SIGINT, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def only_notes(err):
    """Whether nothing was said but which questions were no label in training."""
    return all(" no label in training" in line for line in err.splitlines())


def wait_for(condition, process, seconds=200):
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < until, process.poll()
        time.sleep(0.02)


def test_a_kill_leaves_old_output_and_whole_pictures(start, crowd, model_folder, tmp_path):
    output, plots = tmp_path / "out" / "findings.csv", tmp_path / "plots"
    output.parent.mkdir()
    output.write_text("from last time")
    tokens = ("--model", model_folder, "--format", "csv", "--output", output, "--plot", plots)
    process = start("interpret", crowd, *tokens)
    wait_for(lambda: len(list(plots.glob("[!.]*.png"))) >= 2, process)
    process.kill()
    process.wait()
    assert output.read_text() == "from last time"
    drawn = list(plots.glob("[!.]*.png"))
    assert len(drawn) < COUNT
    assert all(path.read_bytes().endswith(b"IEND\xaeB`\x82") for path in drawn)
    left = [path.name for path in output.parent.iterdir() if path != output]
    assert all(name.startswith(".findings.") for name in left)


def test_an_interruption_ends_with_130_and_leaves_nothing(start, crowd, model_folder, tmp_path):
    plots = tmp_path / "plots"
    output = tmp_path / "out" / "findings.csv"
    tokens = ("--model", model_folder, "--output", output, "--plot", plots)
    tokens += ("--conditions", "atrial fibrillation")
    process = start("interpret", crowd, *tokens, preexec_fn=heed_interruptions)
    wait_for(lambda: list(plots.glob("[!.]*.png")), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert (process.returncode, out, err) == (130, "", "cardiolex: interrupted\n")
    assert list(output.parent.iterdir()) == []
    assert list(plots.glob(".*")) == []


def test_a_reader_that_leaves_early_gets_no_traceback(start, model_folder, long_list):
    tokens = ("--model", model_folder, "--conditions", long_list, "--format", "csv")
    process = start("interpret", FOLDER / "cpsc2018", *tokens)
    assert process.stdout.readline().startswith("record,condition")
    process.stdout.close()
    assert process.wait(timeout=200) == 1
    assert only_notes(process.stderr.read())


def test_findings_stay_on_stdout_while_a_terminal_shows_progress(start, model_folder, tmp_path):
    """stderr is a terminal, stdout is not: `cardiolex interpret folder > findings.csv`."""
    terminal, end = pty.openpty()
    tokens = ("--model", model_folder, "--format", "csv", "--conditions", "AF")
    with (tmp_path / "findings.csv").open("w") as file:
        process = start(
            "interpret",
            *(FOLDER / "ptb-xl", FOLDER / "ludb", *tokens),
            stdout=file,
            stderr=end,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
        )
        os.close(end)
        shown = b""
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(terminal)
    assert process.wait(timeout=200) == 0
    with (tmp_path / "findings.csv").open() as file:
        records = [row["record"] for row in csv.DictReader(file)]
    assert records == ["00010_hr", "00138_hr", "00267_hr", "104"]
    assert b"interpreting" in shown and b"00010_hr,AF" not in shown


def test_json_that_is_piped_is_whole(start, model_folder, long_list):
    tokens = ("--model", model_folder, "--conditions", long_list, "--format", "json")
    out, err = start("interpret", FOLDER / "cpsc2018", *tokens).communicate(timeout=200)
    records = json.loads(out)
    assert [record["record"] for record in records] == ["A0023", "A0074", "A0102", "A0144"]
    assert len(out) > 65536 and only_notes(err)
