"""A text model spread over two processes learns what one process learns; MELP is the example."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from group_of_processes import run_together
from melp_in_process import train, train_together
from synthetic import ALONE, trainer

from cardiolex.encoders.causal_text import CausalText
from cardiolex.errors import CardiolexError
from cardiolex.training.distributed import Processes
from cardiolex.training.sharding import ShardedText, apart, clip_gradients, shard_text

SETTINGS = {"steps": 4, "save_every": 2, "clip": 0.5, "average": 0.9}


def in_two(folder: Path, bert: Path, **settings) -> dict[str, torch.Tensor]:
    """Weights after training with 4 recordings in each of two processes."""
    settings = {**SETTINGS, "batch_size": 4, **settings}
    run_together(2, train_together, folder, bert, settings)
    return torch.load(folder / "result.pt", weights_only=True)


def close(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor], atol: float) -> None:
    assert set(a) == set(b)
    far = {name: float((a[name] - b[name]).abs().max()) for name in a}
    assert max(far.values()) < atol, max(far, key=far.get)


@pytest.fixture(scope="module")
def spread(tmp_path_factory, bert_folder):
    folder = tmp_path_factory.mktemp("spread")
    return folder, in_two(folder, bert_folder, shard_text=True)


def test_two_processes_with_shards_are_one_without(spread, bert_folder, tmp_path):
    folder, weights = spread
    one, system = train(tmp_path, bert_folder, ALONE, batch_size=8, **SETTINGS)
    _, start = train(tmp_path / "s", bert_folder, ALONE, batch_size=8, **{**SETTINGS, "lr": 1e-12})
    moved = [float((one.weights[n] - v).abs().max()) for n, v in start.state_dict().items()]
    assert max(moved) > 1e-3
    close(weights, one.weights, 2e-4)
    logs = [
        [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        for run in (folder, tmp_path)
    ]
    for a, b in zip(*logs, strict=True):
        for figure in ("loss", "rhythm", "token", "beat", "gradient_norm"):
            assert a[figure] == pytest.approx(b[figure], rel=1e-3), figure
    queries = ["sinus rhythm", "left bundle branch block"]
    stored = CausalText(folder / "text").encode(queries, "cls")
    assert torch.allclose(stored, system.text.encode(queries, "cls"), atol=1e-3)


def test_a_saved_state_is_whole_so_a_run_goes_on_in_any_number_of_processes(
    spread, bert_folder, tmp_path
):
    folder, weights = spread
    for run in ("alone", "again"):
        shutil.copytree(folder, tmp_path / run)
        shutil.rmtree(tmp_path / run / "training" / "step-00000004")
    alone, _ = train(tmp_path / "alone", bert_folder, ALONE, batch_size=8, **SETTINGS)
    close(weights, alone.weights, 2e-4)
    close(weights, in_two(tmp_path / "again", bert_folder, shard_text=True), 1e-7)


def test_one_process_has_nothing_to_spread_and_frozen_text_cannot_be(tmp_path):
    assert shard_text(torch.nn.Linear(2, 2), ALONE, True) is None
    with pytest.raises(CardiolexError, match="does not train a text model along"):
        ShardedText(torch.nn.Linear(2, 2), Processes(0, 2, torch.device("cpu")))
    trainer(tmp_path, steps=1, shard_text=True).run()


def test_without_shards_clipping_is_that_of_torch():
    system = torch.nn.Linear(3, 3)
    other = torch.nn.Linear(3, 3)
    for p, q in zip(system.parameters(), other.parameters(), strict=True):
        p.grad = torch.randn_like(p)
        q.grad = p.grad.clone()
    norm = clip_gradients(system.parameters(), 0.1)
    assert norm == float(torch.nn.utils.clip_grad_norm_(other.parameters(), 0.1))
    for p, q in zip(system.parameters(), other.parameters(), strict=True):
        assert torch.equal(p.grad, q.grad)
    assert clip_gradients([torch.nn.Parameter(torch.ones(1))], 1.0) == 0.0
    assert [len(kind) for kind in apart(system.parameters())] == [2]
