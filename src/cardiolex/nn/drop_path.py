"""Stochastic depth: whole residual branches are left out at random in training.

Source: Huang et al., "Deep Networks with Stochastic Depth", ECCV 2016; branches are scaled in
training instead of at test, and the first block is never left out, as vision transformers do it.
Shapes: B batch.
"""

from torch import Tensor, nn


class DropPath(nn.Module):
    """Zero a branch for a recording with probability `rate`, else divide it by 1 - `rate`.

    The expectation is the branch itself, so nothing changes at inference.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """`branch` (B, …), one draw for each of B."""
        if not self.training or self.rate == 0:
            return branch
        kept = branch.new_empty(len(branch), *[1] * (branch.ndim - 1)).bernoulli_(1 - self.rate)
        return branch * kept / (1 - self.rate)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"rate={self.rate:g}"


def rising(rate: float, depth: int) -> list[float]:
    """Rate of each of `depth` blocks: from 0 in the first linearly to `rate` in the last."""
    return [rate * block / max(1, depth - 1) for block in range(depth)]
