"""Residual networks over time: sizes as published, arithmetic against plain torch."""

import pytest
import torch
import torch.nn.functional as F

from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.errors import CardiolexError


@pytest.mark.parametrize(
    ("depth", "published"), [(18, 3_853_962), (34, 7_228_298), (50, 15_979_658), (101, 28_287_114)]
)
def test_sizes_are_the_published_ones_without_the_dead_classifier(depth, published):
    with torch.device("meta"):
        network = ResNet1D(ResNet1D.Config(depth=depth))
    dead = 10 * network.dim + 10
    assert sum(p.numel() for p in network.parameters()) == published - dead


@pytest.mark.parametrize(
    ("depth", "samples", "shape"),
    [(18, 5000, (313, 32)), (50, 5000, (313, 128)), (34, 1000, (63, 32)), (18, 100, (7, 32))],
)
def test_time_is_divided_by_sixteen(depth, samples, shape):
    network = ResNet1D(ResNet1D.Config(depth=depth, samples=samples, width=4)).eval()
    with torch.no_grad():
        tokens = network(torch.randn(2, 12, samples))
    assert tokens.shape == (2, *shape) == (2, network.tokens, network.dim)
    assert torch.allclose(network.pool(tokens), tokens.sum(dim=1) / shape[0], atol=1e-5)


@torch.no_grad()
def test_a_bottleneck_network_is_its_formula():
    """All of ResNet-50, written out with torch's functions."""
    torch.manual_seed(0)
    network = ResNet1D(ResNet1D.Config(depth=50, samples=200, width=2)).eval()
    for name, value in network.state_dict().items():
        if "running" in name:
            value.uniform_(0.5, 1.5)
    w = network.state_dict()

    def norm(x, name):
        mean, var = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        scaled = (x - mean[:, None]) / (var[:, None] + 1e-5).sqrt()
        return scaled * w[f"{name}.weight"][:, None] + w[f"{name}.bias"][:, None]

    ecg = torch.randn(2, 12, 200)
    x = F.conv1d(F.pad(ecg, (3, 3)), w["conv.weight"], stride=2)
    x = norm(x, "norm").clamp(min=0)
    for stage, (blocks, stride) in enumerate(zip((3, 4, 6, 3), (1, 2, 2, 2), strict=True)):
        for i in range(blocks):
            at, step = f"stages.{stage}.{i}", stride if i == 0 else 1
            y = norm(F.conv1d(x, w[f"{at}.conv1.weight"]), f"{at}.norm1").clamp(min=0)
            y = F.conv1d(F.pad(y, (1, 1)), w[f"{at}.conv2.weight"], stride=step)
            y = norm(y, f"{at}.norm2").clamp(min=0)
            y = norm(F.conv1d(y, w[f"{at}.conv3.weight"]), f"{at}.norm3")
            if i == 0:
                x = F.conv1d(x, w[f"{at}.shortcut.0.weight"], stride=step)
                x = norm(x, f"{at}.shortcut.1")
            x = (x + y).clamp(min=0)
    assert torch.allclose(network(ecg), x.transpose(1, 2), atol=1e-4)


def test_a_window_of_another_length_is_refused():
    network = ResNet1D(ResNet1D.Config(samples=500, width=2))
    with pytest.raises(CardiolexError, match="12 leads and 400 samples; this network takes 12 and"):
        network(torch.zeros(1, 12, 400))
    with pytest.raises(CardiolexError, match="3 leads"):
        network(torch.zeros(1, 3, 500))
