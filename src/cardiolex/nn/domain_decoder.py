"""Restores patches of several domains from the tokens that were kept.

Source: CRT (arXiv 2205.09928), section III-C. One linear layer for each domain makes patches of
tokens: of those that were kept as the encoder left them, of those that were dropped as a light
transformer fills them in.
Shapes: B batch, N tokens kept, M places, D width, P values of a patch of all leads.
"""

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.nn.transformer import Block


class DomainDecoder(nn.Module):
    """Encoded tokens in, patches of all places out."""

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        depth: int = Field(default=2, gt=0)
        heads: int = Field(default=8, gt=0)
        hidden: int = Field(default=128, gt=0)
        dropout: float = Field(default=0.1, ge=0, lt=1)

    def __init__(self, config: Config, width: int, counts: tuple[int, ...], values: int) -> None:
        """`counts` places of each domain, patches of `values` numbers."""
        super().__init__()
        self.counts = counts
        self.masks = nn.Parameter(torch.randn(len(counts), width) * 0.02)
        self.positions = nn.Parameter(torch.randn(sum(counts), width) * 0.02)
        self.blocks = nn.ModuleList(
            Block(width, config.heads, config.hidden, config.dropout) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.restore = nn.ModuleList(nn.Linear(width, values) for _ in counts)

    def forward(
        self, encoded: Tensor, index: Tensor, classes: Tensor, kept: Tensor, real: Tensor
    ) -> Tensor:
        """Patches (B, M, P) of all places.

        `encoded` (B, N, D) stand at places `index` (B, N) where `kept` (B, M) is True; `classes`
        (B, C, D) are attended to; places that are not `real` (B, M) are not.
        """
        b, places = kept.shape
        grid = encoded.new_zeros(b, places, encoded.shape[2])
        grid = grid.scatter(1, index.unsqueeze(-1).expand_as(encoded), encoded)
        masks = torch.cat(
            [one.expand(count, -1) for one, count in zip(self.masks, self.counts, strict=True)]
        )
        grid = torch.where(kept.unsqueeze(-1), grid, masks.to(grid.dtype))
        x = torch.cat([classes, grid + self.positions.to(grid.dtype)], dim=1)
        valid = torch.cat([real.new_ones(classes.shape[:2]), real], dim=1)
        for block in self.blocks:
            x = block(x, valid)
        filled = self.norm(x)[:, classes.shape[1] :]
        tokens = torch.where(kept.unsqueeze(-1), grid.to(filled.dtype), filled)
        parts = zip(self.restore, torch.split(tokens, list(self.counts), dim=1), strict=True)
        return torch.cat([restore(part) for restore, part in parts], dim=1)
