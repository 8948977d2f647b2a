"""Two processes with batch B give the gradient of one with 2 B, whatever the system."""

import pytest
import torch
from gradients_in_process import write_gradients
from group_of_processes import run_together
from safetensors.torch import load_file
from tiny_systems import TINY

from cardiolex.systems import SYSTEMS


@pytest.fixture(scope="module")
def both(tmp_path_factory, bert_folder):
    """Folders with the gradients of one process and of two."""
    folders = {size: tmp_path_factory.mktemp(f"of-{size}") for size in (1, 2)}
    write_gradients(folders[1], bert_folder)
    run_together(2, write_gradients, folders[2], bert_folder)
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
