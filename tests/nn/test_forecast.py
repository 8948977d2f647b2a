"""Past and future are kept apart, and padding is neither."""

import pytest
import torch

from cardiolex.nn.forecast import Forecast, real_tokens

B, N, D = 4, 9, 6


@pytest.fixture
def forecast() -> Forecast:
    torch.manual_seed(0)
    config = Forecast.Config(width=8, depth=2, heads=2, hidden=8)
    return Forecast(D, N, config).eval()


def test_the_cut_leaves_a_past_and_all_steps(forecast):
    assert forecast.ahead == 3
    tokens = torch.zeros(500, N, D)
    assert set(forecast.cut(tokens).tolist()) == {1, 2, 3, 4, 5, 6}
    forecast.config = forecast.config.model_copy(update={"past": (0.5, 0.5)})
    assert set(forecast.cut(tokens).tolist()) == {4}


@torch.no_grad()
def test_a_summary_knows_the_real_past_alone(forecast):
    tokens, cut = torch.randn(B, N, D), torch.tensor([1, 3, 5, 6])
    real = torch.ones(B, N, dtype=torch.bool)
    real[2, :2] = False
    before = forecast.summarise(tokens, real, cut)
    index = torch.arange(N)
    hidden = (index >= cut[:, None]) | ~real
    changed = torch.where(hidden[:, :, None], torch.tensor(50.0), tokens)
    assert torch.equal(before, forecast.summarise(changed, real, cut))
    seen = tokens.clone()
    seen[:, 0] += 1
    moved = (before - forecast.summarise(seen, real, cut)).abs().amax(dim=1) > 1e-6
    assert moved.tolist() == [True, True, False, True]


def test_what_follows_the_cut(forecast):
    tokens = torch.arange(N).float()[None, :, None].expand(B, N, D)
    real = torch.arange(N) < torch.tensor([9, 4, 9, 7])[:, None]
    future, there = forecast.after(tokens, real, torch.tensor([1, 3, 5, 6]))
    assert future[:, :, 0].tolist() == [[1, 2, 3], [3, 4, 5], [5, 6, 7], [6, 7, 8]]
    assert there.tolist() == [[True] * 3, [True, False, False], [True] * 3, [True, False, False]]
    assert forecast(torch.zeros(B, 8)).shape == (B, 3, D)


def test_tokens_are_as_real_as_their_middles():
    mask = torch.arange(100) < torch.tensor([100, 60])[:, None]
    assert real_tokens(mask, 10).sum(dim=1).tolist() == [10, 6]
    assert real_tokens(mask, 7).sum(dim=1).tolist() == [7, 4]


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="cannot be divided among heads"):
        Forecast.Config(width=10, heads=4)
