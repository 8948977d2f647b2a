"""A light transformer that restores each lead by itself, with the same weights for all leads.

Source: ST-MEM (arXiv 2402.09450), section 3.2: what it knows of other leads must have come through
the encoder.
Shapes: R leads of all recordings, n = M + 2 tokens of a lead, D width, p samples of a patch.
"""

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.nn.positions import sine_cosine
from cardiolex.nn.transformer import Block


class LeadDecoder(nn.Module):
    """Encoded tokens of a lead and mask tokens in, patches out."""

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        width: int = Field(default=256, gt=0)
        depth: int = Field(default=4, gt=0)
        heads: int = Field(default=4, gt=0)
        mlp_ratio: int = 4

    def __init__(self, config: Config, dim: int, samples: int) -> None:
        """Of tokens of width `dim`, to patches of `samples`."""
        super().__init__()
        width = config.width
        self.embed = nn.Linear(dim, width)
        self.mask = nn.Parameter(torch.randn(width) * 0.02)
        self.blocks = nn.ModuleList(
            Block(width, config.heads, config.mlp_ratio * width) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.restore = nn.Linear(width, samples)

    def forward(self, encoded: Tensor, seen: Tensor, real: Tensor) -> Tensor:
        """`encoded` (R, n, D) with `seen` (R, n) bool to patches (R, M, p).

        Separators come first and last; where a token is `real` (R, n) but not seen, the mask token
        stands; what is not real is never attended to.
        """
        x = self.embed(encoded)
        x = torch.where(seen.unsqueeze(-1), x, self.mask.to(x.dtype))
        x = x + sine_cosine(x.shape[1], x.shape[2], x.device).to(x.dtype)
        for block in self.blocks:
            x = block(x, real)
        patches: Tensor = self.restore(self.norm(x))[:, 1:-1]
        return patches
