"""From a sequence of tokens to one vector."""

from torch import Tensor


def masked_mean(tokens: Tensor, valid: Tensor | None = None) -> Tensor:
    """Average of `tokens` (B, N, D) over those with `valid` (B, N) true; all of them if None."""
    if valid is None:
        return tokens.mean(dim=1)
    weight = valid.unsqueeze(-1).to(tokens.dtype)
    mean: Tensor = (tokens * weight).sum(dim=1) / weight.sum(dim=1)
    return mean
