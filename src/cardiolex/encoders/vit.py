"""Vision transformer over time: one token for a segment of all leads together.

Source: MERL (arXiv 2403.06659). Segments of 50 samples (0.1 s at 500 Hz) of all leads are mapped
by one bias-free convolution; a learned position is added; 12 pre-norm blocks; the tokens are
averaged, then normalised. No CLS token, no dropout.
Shapes: B batch, L leads, T samples, N segments, D width.
"""

from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.encoders.lead_vit import SIZES
from cardiolex.nn.patches import segment_count
from cardiolex.nn.transformer import Block, check_heads
from cardiolex.nn.window import check_window


class ViT(nn.Module):
    """MERL's transformer ECG encoder."""

    class Config(BaseModel):
        """The tiny size by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        kind: Literal["vit"] = "vit"
        samples: int = Field(default=5000, gt=0)
        """Length T of a window."""
        leads: int = 12
        segment_samples: int = Field(default=50, gt=0)
        width: int = 192
        depth: int = 12
        heads: int = 3
        mlp_ratio: int = 4

        @model_validator(mode="after")
        def _fits(self) -> Self:
            check_heads(self.width, self.heads)
            segment_count(self.samples, self.segment_samples)
            return self

        @classmethod
        def of_size(cls, size: str) -> "ViT.Config":
            """The published "tiny", "small", "middle", "base"."""
            width, depth, heads = SIZES[size]
            return cls(kind="vit", width=width, depth=depth, heads=heads)

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        p = config.segment_samples
        self.embed = nn.Conv1d(config.leads, config.width, p, stride=p, bias=False)
        self.position = nn.Parameter(torch.randn(self.tokens, config.width))  # N(0, 1) as published
        self.blocks = nn.Sequential(
            *(
                Block(config.width, config.heads, config.mlp_ratio * config.width)
                for _ in range(config.depth)
            )
        )
        self.norm = nn.LayerNorm(config.width)

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.config.width

    @property
    def tokens(self) -> int:
        """Number N of tokens of a window."""
        return self.config.samples // self.config.segment_samples

    def forward(self, ecg: Tensor) -> Tensor:
        """`ecg` (B, L, T) to tokens (B, N, D), before `pool`."""
        check_window(ecg, self.config.leads, self.config.samples)
        x = self.embed(ecg).transpose(1, 2) + self.position  # (B, N, D)
        tokens: Tensor = self.blocks(x)
        return tokens

    def pool(self, tokens: Tensor) -> Tensor:
        """Mean of `tokens` (B, N, D), then LayerNorm: (B, D), the feature of MERL's probe."""
        pooled: Tensor = self.norm(tokens.mean(dim=1))
        return pooled
