"""The transformer over segments of all leads."""

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError

from cardiolex.encoders.vit import ViT
from cardiolex.errors import CardiolexError

TINY = ViT.Config(samples=100, segment_samples=10, width=8, depth=2, heads=2)


@pytest.mark.parametrize(
    ("size", "published"),
    [("tiny", 5_473_152), ("small", 21_563_136), ("middle", 38_188_032), ("base", 85_593_600)],
)
def test_sizes_are_the_published_ones(size, published):
    with torch.device("meta"):
        network = ViT(ViT.Config.of_size(size))
    assert sum(p.numel() for p in network.parameters()) == published
    assert (network.tokens, network.config.width // network.config.heads) == (100, 64)


@torch.no_grad()
def test_a_token_is_its_segment_of_all_leads_and_its_place():
    torch.manual_seed(0)
    network = ViT(TINY.model_copy(update={"depth": 0})).eval()
    ecg = torch.randn(2, 12, 100)
    tokens = network(ecg)
    assert tokens.shape == (2, 10, 8)
    weight = network.embed.weight.flatten(1)
    third = ecg[:, :, 30:40].flatten(1) @ weight.T + network.position[3]
    assert torch.allclose(tokens[:, 3], third, atol=1e-5)
    mean = tokens.mean(dim=1)
    assert torch.allclose(network.pool(tokens), F.layer_norm(mean, (8,)), atol=1e-5)


@torch.no_grad()
def test_positions_tell_time_and_attention_mixes_it():
    torch.manual_seed(0)
    network = ViT(TINY).eval()
    ecg = torch.randn(1, 12, 100)
    moved = ecg.roll(10, dims=2)
    assert not torch.allclose(network.pool(network(ecg)), network.pool(network(moved)), atol=1e-4)
    other = ecg.clone()
    other[:, :, 90:] = 0
    assert not torch.allclose(network(ecg)[:, 0], network(other)[:, 0], atol=1e-6)


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(CardiolexError, match="12 leads and 400 samples"):
        ViT(TINY)(torch.zeros(1, 12, 400))
    with pytest.raises((CardiolexError, ValidationError), match="cannot be cut into segments"):
        ViT.Config(samples=105, segment_samples=10)
    with pytest.raises((CardiolexError, ValidationError), match="heads"):
        ViT.Config(width=10, heads=3)
