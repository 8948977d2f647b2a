import json
import math
from itertools import chain, pairwise

import pytest
import torch
from synthetic import ALONE, Waves, tiny_kmerl, trainer, with_reports

from cardiolex.datasets.batches import collate
from cardiolex.errors import CardiolexError
from cardiolex.training.config import TrainerConfig
from cardiolex.training.log import RunLog
from cardiolex.training.optim import MovingAverage, learning_rate, uses_bf16
from cardiolex.training.order import StepOrder
from cardiolex.training.trainer import Trainer


def test_losses_fall_and_kinds_are_told_apart(tmp_path):
    made = trainer(tmp_path, steps=150, lr=5e-3, batch_size=32, warmup_steps=10)
    made.run()
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["entities"] for line in lines]
    assert sum(losses[-10:]) / 10 < 0.6 * sum(losses[:10]) / 10
    system = made.system.eval()
    examples = [Waves()[index] for index in range(64)]
    ecg = torch.stack([torch.from_numpy(example.ecg) for example in examples])
    leads = torch.zeros(64, 12, dtype=torch.bool)
    leads[:, 1] = True
    samples = torch.ones(64, ecg.shape[2], dtype=torch.bool)
    with torch.no_grad():
        kinds = system.score_queries(ecg, leads, samples, system.entity_vectors).argmax(dim=1)
    truth = torch.tensor([int(example.report[-1]) for example in examples])
    assert (kinds == truth).float().mean() > 0.7  # from one lead


def test_the_log_is_json_even_where_a_figure_could_not_be_had(tmp_path):
    log = RunLog(tmp_path, steps=1, quiet=True)
    log.write(1, {"held_out_auroc": math.nan, "gradient_norm": math.inf, "loss": 0.25})
    log.close()
    row = json.loads((tmp_path / "log.jsonl").read_text(), parse_constant=pytest.fail)
    assert row == {"step": 1, "held_out_auroc": None, "gradient_norm": None, "loss": 0.25}


def test_rate_warms_up_and_falls_like_a_cosine():
    rates = [learning_rate(step, 100, 1.0, 10, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == 1.0
    assert rates[55] == pytest.approx(0.55)
    assert rates[99] == pytest.approx(0.1, abs=1e-3)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_order_is_a_permutation_split_over_processes_and_resumable():
    def blocks(rank: int, size: int, start: int = 0, batch: int = 4) -> list[list[int]]:
        order = StepOrder(26, batch, 12, start=start, seed=5, rank=rank, size=size)
        return list(order)

    two = [a + b for a, b in zip(blocks(0, 2), blocks(1, 2), strict=True)]
    assert two == blocks(0, 1, batch=8)
    for epoch in range(4):
        rows = list(chain.from_iterable(two[epoch * 3 : epoch * 3 + 3]))
        assert len(set(rows)) == 24
        assert set(rows) <= set(range(26))
    assert two[:3] != two[3:6]
    assert blocks(0, 2, start=5) == blocks(0, 2)[5:]


def test_gradients_that_are_not_finite_skip_the_step_and_many_end_the_run(tmp_path):
    made = trainer(tmp_path, steps=6, max_skipped=3)
    usual, calls = made.losses, []

    def poisoned(batch):
        calls.append(1)
        losses = usual(batch)
        bad = len(calls) in (2, 4)
        return {name: value * math.nan if bad else value for name, value in losses.items()}

    made.losses = poisoned
    result = made.run()
    assert result.skipped == 2
    assert all(torch.isfinite(value).all() for value in result.weights.values())

    again = trainer(tmp_path / "all", steps=20, max_skipped=3)
    usual = again.losses
    again.losses = lambda batch: {"loss": usual(batch)["loss"] * math.inf}
    with pytest.raises(CardiolexError, match="not finite 4 times"):
        again.run()


def test_accumulated_gradients_are_the_mean_over_micro_batches(tmp_path):
    made = trainer(tmp_path, random=False, steps=1, batch_size=4, accumulate=2, clip=None)
    seen: list[torch.Tensor] = []
    parameters = made.optimiser.param_groups[0]["params"]
    made._update = lambda: seen.extend(p.grad.clone() for p in parameters) or 0.0
    made.run()
    system = tiny_kmerl(random=False).train()
    for rows in list(StepOrder(64, 4, 2)):
        with made._autocast():
            loss = system.losses(with_reports(collate([Waves()[i] for i in rows])))["loss"]
        (loss / 2).backward()
    for got, parameter in zip(seen, system.parameters(), strict=True):
        assert torch.allclose(got, parameter.grad, atol=1e-6)


def test_moving_average_follows_the_weights_and_forgets_the_start():
    system = torch.nn.Linear(1, 1)
    system.weight.data.fill_(0.0)
    average = MovingAverage(system, 0.9)
    system.weight.data.fill_(1.0)
    for _ in range(60):
        average.update(system)
    assert float(average.weights["weight"]) > 0.99
    assert float(system.weight.detach()) == 1.0


def test_too_few_recordings_for_a_step_is_an_error(tmp_path):
    with pytest.raises(CardiolexError, match="do not fill one step of 128"):
        trainer(tmp_path, batch_size=128)


def test_precision_is_as_told():
    assert uses_bf16("bf16", torch.device("cpu"))
    assert not uses_bf16("fp32", torch.device("cpu"))


def test_bf16_learns_like_fp32(tmp_path):
    results = {}
    for precision in ("fp32", "bf16"):
        made = Trainer(
            tiny_kmerl(random=False),
            Waves(),
            TrainerConfig(batch_size=16, steps=30, lr=3e-3, precision=precision, log_every=30),
            tmp_path / precision,
            ALONE,
            prepare=with_reports,
            quiet=True,
        )
        made.run()
        results[precision] = json.loads((tmp_path / precision / "log.jsonl").read_text())["loss"]
    assert results["bf16"] == pytest.approx(results["fp32"], rel=0.05)
