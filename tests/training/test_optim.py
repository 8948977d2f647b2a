import json

import pytest
import torch
from synthetic import trainer

from cardiolex.training.optim import adamw, learning_rate


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


@pytest.mark.parametrize("decayed", ["all", "matrices"])
def test_vectors_are_decayed_unless_told_otherwise(decayed):
    system = torch.nn.Linear(3, 3)
    with torch.no_grad():
        system.bias.fill_(1.0)
    before = [p.detach().clone() for p in system.parameters()]
    adam = adamw(system, 0.1, 0.5, (0.9, 0.95), decayed)
    for p in system.parameters():
        p.grad = torch.zeros_like(p)
    adam.step()
    weight, bias = (p.detach() / q for p, q in zip(system.parameters(), before, strict=True))
    assert torch.allclose(weight, torch.full((3, 3), 0.95))
    assert torch.allclose(bias, torch.full((3,), 0.95 if decayed == "all" else 1.0))


class Held(torch.nn.Module):
    """Holds the learning rate of its second layer."""

    def __init__(self):
        super().__init__()
        self.one, self.two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)

    def steady_parameters(self):
        return self.two.parameters()


@pytest.mark.parametrize("decayed", ["all", "matrices"])
def test_weights_whose_rate_is_held_are_apart_and_none_is_lost(decayed):
    system = Held()
    groups = adamw(system, 0.1, 0.5, (0.9, 0.95), decayed).param_groups
    for steady, layer in ((False, system.one), (True, system.two)):
        found = {id(p) for g in groups if g["steady"] == steady for p in g["params"]}
        assert found == {id(p) for p in layer.parameters()}
    decays = {g["weight_decay"] for g in groups}
    assert decays == ({0.5} if decayed == "all" else {0.5, 0.0})


def test_a_system_without_trainable_weights_can_be_stepped():
    optimiser = adamw(torch.nn.Linear(2, 2).requires_grad_(False), 0.1, 0.5, (0.9, 0.95))
    optimiser.step()
    optimiser.zero_grad()


def test_a_run_without_decay_of_vectors_resumes_as_if_uninterrupted(tmp_path):
    whole = trainer(tmp_path / "a", steps=6, decayed="matrices", weight_decay=0.3).run().weights
    trainer(tmp_path / "b", steps=6, decayed="matrices", weight_decay=0.3, save_every=2).run()
    for late in sorted((tmp_path / "b" / "training").glob("step-*"))[1:]:
        for file in late.iterdir():
            file.unlink()
        late.rmdir()
    resumed = trainer(tmp_path / "b", steps=6, decayed="matrices", weight_decay=0.3, save_every=2)
    assert all(torch.equal(v, whole[n]) for n, v in resumed.run().weights.items())
