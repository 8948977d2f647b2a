"""Projectors and predictors."""

import torch
from torch import nn

from cardiolex.nn.batch_norm import GlobalBatchNorm
from cardiolex.nn.heads import mlp


def kinds(head: nn.Sequential) -> list[str]:
    return [type(layer).__name__ for layer in head]


def test_layers_are_those_of_the_papers():
    hidden = ["Linear", "GlobalBatchNorm", "ReLU"]
    assert kinds(mlp((6, 6, 4))) == [*hidden, "Linear"]
    assert kinds(mlp((6, 8, 8, 4), last="plain norm")) == [
        *hidden,
        *hidden,
        "Linear",
        "GlobalBatchNorm",
    ]
    assert mlp((6, 8, 4))[-1].bias is not None
    assert all(layer.bias is None for layer in mlp((6, 8, 4), "norm") if type(layer) is nn.Linear)


def test_a_plain_norm_ends_in_zero_mean_and_unit_variance_with_nothing_to_learn():
    head = mlp((6, 4), last="plain norm")
    z = head(torch.randn(50, 6))
    assert torch.allclose(z.mean(dim=0), torch.zeros(4), atol=1e-5)
    assert torch.allclose(z.var(dim=0, correction=0), torch.ones(4), atol=1e-2)
    norm = head[-1]
    assert isinstance(norm, GlobalBatchNorm)
    assert list(norm.parameters()) == []
