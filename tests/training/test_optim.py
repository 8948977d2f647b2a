import json

import pytest
import torch
from synthetic import trainer

from cardiolex.training.optim import learning_rate


def test_rate_with_restarts_is_that_of_torch_in_every_step():
    weight = torch.nn.Parameter(torch.zeros(1))
    adam = torch.optim.AdamW([weight], lr=1e-3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(adam, T_0=50, eta_min=1e-8)
    for step in range(180):
        ours = learning_rate(step, 180, 1e-3, 0, 1e-8, restart=50)
        assert ours == pytest.approx(adam.param_groups[0]["lr"], rel=1e-9), step
        adam.step()
        theirs.step()


def test_restarts_begin_after_the_warm_up_and_their_length_is_not_that_of_the_run():
    short, long = (learning_rate(40, steps, 1.0, 10, 0.1, 20) for steps in (50, 1000))
    assert short == long
    cycle = [learning_rate(step, 100, 1.0, 10, 0.1, 20) for step in range(10, 70)]
    assert cycle[0] == cycle[20] == cycle[40] == 1.0
    assert cycle[:20] == pytest.approx(cycle[20:40])
    assert cycle[10] == pytest.approx(0.55) and min(cycle) > 0.1
    assert learning_rate(4, 100, 1.0, 10, 0.1, 20) == pytest.approx(0.5)


def test_a_run_restarts_its_rate(tmp_path):
    trainer(tmp_path, steps=7, restart_steps=3, lr=1e-3, warmup_steps=0).run()
    rates = [json.loads(line)["lr"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rates == pytest.approx([1e-3, 7.5e-4, 2.5e-4] * 2 + [1e-3])
