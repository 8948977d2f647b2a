"""Two processes with batch B each are one process with batch 2 B: losses, gradients, statistics."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from group_of_processes import run_together
from safetensors.torch import load_file
from synthetic import trainer
from train_in_process import train_together

SCRIPT = Path(__file__).with_name("train_in_process.py")
SETTINGS = {"random": False, "precision": "fp32", "average": None, "clip": None}


def alone(folder: Path, steps: int) -> Path:
    """Train with 8 recordings per step."""
    trainer(folder, **SETTINGS, steps=steps, batch_size=8).run()
    return folder


def torchrun(folder: Path, steps: int) -> Path:
    """Train with 4 recordings per step in each of two processes, as a user starts them."""
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    settings = json.dumps({**SETTINGS, "steps": steps, "batch_size": 4})
    command += ["--rdzv-endpoint", "localhost:0", str(SCRIPT), str(folder), settings]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], timeout=200, env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return folder


def test_gradients_of_the_whole_loss_are_equal(tmp_path):
    settings = {**SETTINGS, "steps": 1, "batch_size": 4}
    run_together(2, train_together, tmp_path / "two", settings)
    runs = (tmp_path / "two", alone(tmp_path / "one", 1))
    two, one = (load_file(p / "training/step-00000001/state.safetensors") for p in runs)
    running = [name for name in one if "running_" in name]
    assert len(running) == 4
    for name in running:
        assert torch.allclose(two[name], one[name], atol=1e-5), name
    moments = [name for name in one if name.endswith(".exp_avg")]  # a tenth of the gradient
    largest = max(float(one[name].abs().max()) for name in moments)
    assert len(moments) > 50
    assert largest > 1e-3
    for name in moments:
        assert torch.allclose(two[name], one[name], rtol=1e-3, atol=1e-5 * largest), name


def test_losses_stay_equal_over_steps(tmp_path):
    two, one = torchrun(tmp_path / "two", 6), alone(tmp_path / "one", 6)
    logs = [
        [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        for run in (two, one)
    ]
    assert len(logs[1]) == 6
    for a, b in zip(*logs, strict=True):
        for figure in ("loss", "contrast", "entities", "gradient_norm"):
            assert a[figure] == pytest.approx(b[figure], rel=1e-3), figure
