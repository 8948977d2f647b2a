"""A run that was killed ends as one that was not, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from synthetic import trainer

from cardiolex.errors import CardiolexError

SCRIPT = Path(__file__).with_name("train_in_process.py")


def started(folder: Path, settings: dict) -> subprocess.Popen:
    command = [sys.executable, str(SCRIPT), str(folder), json.dumps(settings)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_step(folder: Path, step: int, process: subprocess.Popen) -> None:
    limit = time.monotonic() + 120
    while len(logged(folder)) < step:
        assert process.poll() is None, "the run ended too early"
        assert time.monotonic() < limit, "the run never got there"
        time.sleep(0.02)


def logged(folder: Path) -> list[dict]:
    log = folder / "log.jsonl"
    lines = log.read_text().splitlines() if log.is_file() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_kill_and_resume_give_the_weights_of_an_uninterrupted_run(tmp_path):
    whole = trainer(tmp_path / "whole").run()
    process = started(tmp_path / "killed", {"delay": 0.01})
    try:
        wait_for_step(tmp_path / "killed", 12, process)
    finally:
        process.kill()
        process.wait()
    assert not (tmp_path / "killed" / "result.safetensors").exists()
    resumed = trainer(tmp_path / "killed")
    result = resumed.run()
    assert result.finished
    assert equal(whole.weights, result.weights)
    assert [row["step"] for row in logged(tmp_path / "killed")] == list(range(1, 41))
    first = [row["loss"] for row in logged(tmp_path / "whole")]
    assert [row["loss"] for row in logged(tmp_path / "killed")] == first


def test_sigterm_saves_the_state_at_once(tmp_path):
    process = started(tmp_path, {"delay": 0.01, "save_every": 1000})
    try:
        wait_for_step(tmp_path, 3, process)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=200)[1]
        assert process.returncode == 0
    finally:
        process.kill()
    assert "the same command goes on" in said
    states = sorted(path.name for path in (tmp_path / "training").iterdir())
    assert len(states) == 1
    step = int(states[0].removeprefix("step-"))
    assert 3 <= step < 40 and f"stopped at step {step} of 40" in said
    whole = trainer(tmp_path / "whole").run()
    assert equal(whole.weights, trainer(tmp_path, save_every=1000).run().weights)


def test_two_newest_states_are_kept_and_half_written_ones_ignored(tmp_path):
    trainer(tmp_path, steps=20).run()
    states = sorted(path.name for path in (tmp_path / "training").iterdir())
    assert states == ["step-00000015", "step-00000020"]
    (tmp_path / "training" / "step-00000099").mkdir()
    assert trainer(tmp_path, steps=20).run().step == 20


def test_another_run_is_not_continued(tmp_path):
    trainer(tmp_path, steps=5).run()
    with pytest.raises(CardiolexError, match="another run"):
        trainer(tmp_path, steps=5, identity="other").run()


def test_workers_do_not_change_the_result(tmp_path):
    here = trainer(tmp_path / "here", steps=4).run()
    there = trainer(tmp_path / "there", steps=4, workers=2).run()
    assert equal(here.weights, there.weights)


def test_log_and_result_of_a_whole_process_are_those_of_this_one(tmp_path):
    process = started(tmp_path / "apart", {"steps": 3})
    assert process.wait(timeout=120) == 0
    here = trainer(tmp_path / "here", steps=3).run()
    assert equal(here.weights, load_file(tmp_path / "apart" / "result.safetensors"))
