"""The slow copy of a module."""

import math

import pytest
import torch
from torch import nn

from cardiolex.nn.batch_norm import GlobalBatchNorm
from cardiolex.nn.momentum import SlowCopy, momentum


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), GlobalBatchNorm(4), nn.ReLU(), nn.Linear(4, 2))


def moved(fast: nn.Module) -> None:
    with torch.no_grad():
        for parameter in fast.parameters():
            parameter.add_(torch.randn_like(parameter))
    fast(torch.randn(8, 3))  # running statistics


def test_it_starts_equal_and_takes_no_gradient():
    fast = network()
    slow = SlowCopy(fast)
    x = torch.randn(5, 3)
    assert torch.equal(slow(x), fast(x))
    assert not slow(x).requires_grad
    assert not any(p.requires_grad for p in slow.parameters())
    assert all(p.requires_grad for p in fast.parameters())


def test_without_momentum_everything_is_taken_over():
    fast = network()
    slow = SlowCopy(fast)
    moved(fast)
    slow.follow(fast, 0.0)
    for name, value in fast.state_dict().items():  # biases, statistics and counters too
        assert torch.equal(slow.module.state_dict()[name], value), name


def test_every_number_moves_by_the_rest_of_the_momentum():
    fast = network()
    slow = SlowCopy(fast)
    before = {name: value.clone() for name, value in slow.module.state_dict().items()}
    moved(fast)
    slow.follow(fast, 0.9)
    for name, value in slow.module.state_dict().items():
        target = fast.state_dict()[name]
        if value.is_floating_point():
            assert torch.allclose(value, 0.9 * before[name] + 0.1 * target, atol=1e-6), name
            assert not torch.equal(value, before[name]), name
        else:
            assert torch.equal(value, target)


def test_momentum_follows_a_cosine_to_one():
    assert momentum(0.99, 0.0) == pytest.approx(0.99)
    assert momentum(0.99, 0.5) == pytest.approx(0.995)
    assert momentum(0.99, 1.0) == pytest.approx(1.0)
    assert momentum(0.99, 0.25) == pytest.approx(1 - 0.01 * (math.sqrt(0.5) + 1) / 2)
