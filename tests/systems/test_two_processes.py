"""Two processes with batch B give the gradient of one with 2 B, whatever the system."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_systems import TINY

from cardiolex.systems import SYSTEMS

SCRIPT = Path(__file__).with_name("gradients_in_process.py")


@pytest.fixture(scope="module")
def both(tmp_path_factory, bert_folder):
    """Folders with the gradients of one process and of two."""
    folders = {size: tmp_path_factory.mktemp(f"of-{size}") for size in (1, 2)}
    torchrun = ["-m", "torch.distributed.run", "--rdzv-backend", "c10d"]
    torchrun += ["--rdzv-endpoint", "localhost:0", "--nproc-per-node"]
    paths = os.pathsep.join([str(SCRIPT.parent), str(SCRIPT.parent.parent)])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    for size, folder in folders.items():
        done = subprocess.run(
            [sys.executable, *torchrun, str(size), str(SCRIPT), str(folder), str(bert_folder)],
            timeout=250,
            env=environment,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
    return folders


@pytest.mark.parametrize("name", sorted(n for n in SYSTEMS if TINY[n].learns is not None))
def test_gradients_are_those_of_the_whole_batch(name, both):
    one, two = (load_file(both[size] / f"{name}.safetensors") for size in (1, 2))
    assert torch.allclose(one.pop("loss"), two.pop("loss"), rtol=1e-5)
    assert one.keys() == two.keys() and len(one) > 10
    largest = max(float(gradient.abs().max()) for gradient in one.values())
    for parameter, gradient in one.items():
        close = torch.allclose(two[parameter], gradient, rtol=1e-3, atol=1e-5 * largest)
        assert close, (parameter, float((two[parameter] - gradient).abs().max()), largest)
