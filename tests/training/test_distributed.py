"""Two processes with batch B each are one process with batch 2 B: losses, gradients, statistics."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from synthetic import trainer

SCRIPT = Path(__file__).with_name("train_in_process.py")
SETTINGS = {"random": False, "precision": "fp32", "average": None, "clip": None}


def run_both(folder: Path, steps: int) -> tuple[Path, Path]:
    """Train with two processes of 4 and with one of 8 recordings per step."""
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    settings = json.dumps({**SETTINGS, "steps": steps, "batch_size": 4})
    script = ["--rdzv-endpoint", "localhost:0", str(SCRIPT), str(folder / "two"), settings]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *torchrun, *script], timeout=200, env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    trainer(folder / "one", **SETTINGS, steps=steps, batch_size=8).run()
    return folder / "two", folder / "one"


def test_gradients_of_the_whole_loss_are_equal(tmp_path):
    two, one = (
        load_file(p / "training/step-00000001/state.safetensors") for p in run_both(tmp_path, 1)
    )
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
    two, one = run_both(tmp_path, 6)
    logs = [
        [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        for run in (two, one)
    ]
    assert len(logs[1]) == 6
    for a, b in zip(*logs, strict=True):
        for figure in ("loss", "contrast", "entities", "gradient_norm"):
            assert a[figure] == pytest.approx(b[figure], rel=1e-3), figure
