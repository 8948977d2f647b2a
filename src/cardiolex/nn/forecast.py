"""A summary of the tokens so far, and what it says of those to come: TS-TCC's temporal module.

Source: arXiv 2106.14112, section 3.2. Tokens are projected, a learned token reads those before a
cut through a small transformer (no positions, as published), and one linear map for each step
ahead turns its state into a token. Padding is no token.
Shapes: B batch, T samples, N tokens, K steps ahead, D width of a token, H width of the summary.
"""

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.nn.signal import Range
from cardiolex.nn.transformer import Block, check_heads


class Forecast(nn.Module):
    """Tokens (B, N, D) up to a cut to predictions (B, K, D) of those that follow."""

    class Config(BaseModel):
        """As in the released code for long recordings."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        width: int = 64
        depth: int = Field(default=4, ge=1)
        heads: int = 4
        hidden: int = 64
        """Of the feed-forward layers."""
        ahead: int | None = Field(default=None, gt=0)
        """Steps K; None = a third of the tokens, about as published."""
        past: Range = (0.0, 1.0)
        """Where the cut lies between the first and the last place possible; drawn uniformly."""

        @model_validator(mode="after")
        def _heads_fit(self) -> "Forecast.Config":
            check_heads(self.width, self.heads)
            return self

    def __init__(self, dim: int, tokens: int, config: Config) -> None:
        super().__init__()
        self.config = config
        self.ahead = min(config.ahead or max(1, tokens // 3), tokens - 1)
        self.embed = nn.Linear(dim, config.width)
        self.summary = nn.Parameter(torch.randn(config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.hidden) for _ in range(config.depth)
        )
        self.maps = nn.Linear(config.width, self.ahead * dim)

    def cut(self, tokens: Tensor) -> Tensor:
        """How many of the `tokens` (B, N, D) are past, (B,): 1 to N - K, drawn for each."""
        places = tokens.shape[1] - self.ahead
        low, high = self.config.past
        draw = low + (high - low) * torch.rand(len(tokens), device=tokens.device)
        return 1 + (draw * places).long().clamp(max=places - 1)

    def summarise(self, tokens: Tensor, real: Tensor, cut: Tensor) -> Tensor:
        """(B, H) of those of `tokens` (B, N, D) before `cut` (B,) that are `real` (B, N)."""
        before = torch.arange(tokens.shape[1], device=tokens.device) < cut[:, None]
        first = self.summary.expand(len(tokens), 1, -1)
        x = torch.cat([first.to(tokens.dtype), self.embed(tokens)], dim=1)
        valid = torch.cat([before.new_ones(len(tokens), 1), before & real], dim=1)
        for block in self.blocks:
            x = block(x, valid)
        return x[:, 0]

    def forward(self, summary: Tensor) -> Tensor:
        """Predictions (B, K, D) of a `summary` (B, H)."""
        predicted: Tensor = self.maps(summary)
        return predicted.view(len(summary), self.ahead, -1)

    def after(self, tokens: Tensor, real: Tensor, cut: Tensor) -> tuple[Tensor, Tensor]:
        """The K tokens from `cut` on, (B, K, D), and which of them are real, (B, K)."""
        index = cut[:, None] + torch.arange(self.ahead, device=cut.device)  # (B, K)
        wide = index[:, :, None].expand(-1, -1, tokens.shape[2])
        return tokens.gather(1, wide), real.gather(1, index)


def real_tokens(sample_mask: Tensor, tokens: int) -> Tensor:
    """Which of N `tokens` stand for real samples, at their middles: (B, T) bool to (B, N)."""
    middles = (torch.arange(tokens, device=sample_mask.device) + 0.5) * sample_mask.shape[1]
    return sample_mask[:, (middles / tokens).long()]
