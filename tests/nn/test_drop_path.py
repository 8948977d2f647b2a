import pytest
import torch
from torch import nn

from cardiolex.nn.drop_path import DropPath, rising
from cardiolex.nn.transformer import Block


def test_a_branch_is_kept_whole_and_scaled_or_left_out_and_its_mean_is_the_branch():
    torch.manual_seed(0)
    branch = torch.randn(1, 3, 5)
    dropped = DropPath(0.3).train()(branch.expand(20_000, -1, -1))
    scale = dropped[:, 0, 0] / branch[0, 0, 0]
    assert torch.allclose(dropped, scale[:, None, None] * branch, atol=1e-6)  # all or nothing
    kept = scale > 0
    assert torch.allclose(scale[kept], torch.tensor(1 / 0.7))
    error = 4 * (0.3 / 0.7 / 20_000) ** 0.5  # four standard errors of the mean of the scale
    assert abs(float(scale.mean()) - 1) < error
    assert abs(float(kept.float().mean()) - 0.7) < 0.7 * error


def test_nothing_happens_at_inference_nor_without_a_rate():
    branch = torch.randn(6, 4)
    assert DropPath(0.9).eval()(branch) is branch
    assert DropPath(0.0).train()(branch) is branch


def test_rates_rise_linearly_from_zero_to_the_last_block():
    assert rising(0.1, 12) == pytest.approx([0.1 * i / 11 for i in range(12)])
    assert rising(0.1, 1) == [0.0]
    assert rising(0.0, 3) == [0.0, 0.0, 0.0]


def test_a_block_of_which_all_is_dropped_is_the_identity():
    torch.manual_seed(0)
    block = Block(16, 2, 32, drop_path=1 - 1e-12).train()
    x = torch.randn(4, 5, 16)
    assert torch.equal(block(x), x)
    assert not torch.allclose(block.eval()(x), x)


def test_dropout_of_a_block_acts_on_both_branches_in_training_only():
    torch.manual_seed(0)
    x = torch.randn(2, 5, 16)
    for silent in ("attention", "mlp"):
        block = Block(16, 2, 32, dropout=0.5)
        setattr(block, silent, Nothing())
        block.train()
        assert not torch.allclose(block(x), block(x)), silent
        block.eval()
        assert torch.equal(block(x), block(x))


class Nothing(nn.Module):
    def forward(self, x: torch.Tensor, *_: object) -> torch.Tensor:
        return torch.zeros_like(x)
