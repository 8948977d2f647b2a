"""Lead-aware vision transformer: one token per lead and time segment.

Source: K-MERL (arXiv 2502.17900), section 3.3, Eq. (2). Token = W x segment + lead_l + time_m with
one W for all leads, no bias, no CLS token; tokens are normalised, then pooled.
Tokens of absent, masked or padded parts are not created, so cost follows the visible tokens.
Shapes: B batch, L = 12 leads, T samples, M segments of p samples, N visible tokens, D width.
"""

from dataclasses import dataclass
from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.nn.drop_path import rising
from cardiolex.nn.patches import (
    VisibleTokens,
    real_segments,
    segment_count,
    segments,
    visible_tokens,
)
from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.transformer import Block, check_heads

SIZES = {"tiny": (192, 12, 3), "small": (384, 12, 6), "middle": (512, 12, 8), "base": (768, 12, 12)}


@dataclass(frozen=True)
class Tokens:
    """Encoded tokens (B, N, D); `index` (B, N) = lead * M + segment; `valid` (B, N) or None.

    `log_weights` (B, N), if given, is how much each token counts beside others that are looked at.
    """

    values: Tensor
    index: Tensor
    valid: Tensor | None
    log_weights: Tensor | None = None

    @property
    def keys(self) -> Tensor | None:
        """What attention on these tokens takes as `valid`."""
        return self.valid if self.log_weights is None else self.log_weights

    def mean(self) -> Tensor:
        """Average over the visible tokens, (B, D)."""
        return masked_mean(self.values, self.valid)

    def by_lead(self, weights: Tensor, leads: int, segments: int) -> Tensor:
        """Lay `weights` of the tokens (B, Q, N) out as (B, Q, L, M), zero where no token is."""
        grid = weights.new_zeros(*weights.shape[:2], leads * segments)
        grid.scatter_add_(2, self.index[:, None].expand_as(weights), weights)
        return grid.view(*weights.shape[:2], leads, segments)


class LeadViT(nn.Module):
    """The ECG encoder of K-MERL."""

    class Config(BaseModel):
        """Sizes and ablation switches (paper's Tab. 7a)."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        segment_samples: int = 100
        """p: 0.2 s at 500 Hz."""
        max_segments: int = 50
        leads: int = 12
        width: int = 192
        depth: int = 12
        heads: int = 3
        mlp_ratio: int = 4
        dropout: float = Field(default=0.0, ge=0, lt=1)
        """Of what attention and MLP add; none in MERL and K-MERL, 0.1 in SuPreME."""
        drop_path: float = Field(default=0.0, ge=0, lt=1)
        """Stochastic depth: rate of the last block, rising linearly from 0 in the first."""
        lead_embedding: bool = True
        time_embedding: bool = True
        tokens: Literal["lead", "mixed"] = "lead"
        """"mixed": one token per time segment from all visible leads, as MERL's ViT."""

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            check_heads(self.width, self.heads)
            return self

        @classmethod
        def of_size(
            cls, size: str, segment_samples: int = 100, max_segments: int = 50
        ) -> "LeadViT.Config":
            """MERL's sizes: "tiny", "small", "middle", "base"."""
            width, depth, heads = SIZES[size]
            return cls(
                segment_samples=segment_samples,
                max_segments=max_segments,
                width=width,
                depth=depth,
                heads=heads,
            )

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        mixed = config.tokens == "mixed"
        inputs = config.segment_samples * (config.leads if mixed else 1)
        self.embed = nn.Linear(inputs, config.width, bias=False)
        self.lead = None
        if config.lead_embedding and not mixed:
            self.lead = nn.Embedding(config.leads, config.width)
            nn.init.normal_(self.lead.weight, std=0.02)
        self.time = None
        if config.time_embedding:
            self.time = nn.Embedding(config.max_segments, config.width)
            nn.init.normal_(self.time.weight, std=0.02)
        hidden = config.mlp_ratio * config.width
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, hidden, config.dropout, rate)
            for rate in rising(config.drop_path, config.depth)
        )
        self.norm = nn.LayerNorm(config.width)

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.config.width

    def real(self, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, L, M) bool: which tokens a recording has before any masking."""
        samples = self.config.segment_samples
        segment_count(sample_mask.shape[1], samples, self.config.max_segments)
        return real_segments(lead_mask, sample_mask, samples)

    def forward(self, ecg: Tensor, visible: Tensor, weights: Tensor | None = None) -> Tokens:
        """Encode `ecg` (B, L, T) at the tokens where `visible` (B, L, M) is True.

        `weights` (B, L, M): how much a token counts where tokens look at one another; 1 is as
        always, towards 0 it is as if absent. The gradient at 1 says what leaving it out would do.
        """
        x, chosen = self.embedded(ecg, visible)
        counts = None if weights is None else _log_weights(weights, chosen)
        for block in self.blocks:
            x = block(x, chosen.valid if counts is None else counts)  # (B, N, D)
        return Tokens(self.norm(x), chosen.index, chosen.valid, counts)

    def embedded(self, ecg: Tensor, visible: Tensor) -> tuple[Tensor, VisibleTokens]:
        """Tokens (B, N, D) as the first block takes them, and which these are."""
        cut = self._mixed_tokens if self.config.tokens == "mixed" else self._lead_tokens
        x, chosen, m = cut(ecg, visible)
        if self.lead is not None:
            x = x + self.lead(chosen.index // m).to(x.dtype)
        if self.time is not None:
            x = x + self.time(chosen.index % m).to(x.dtype)
        return x, chosen

    def _lead_tokens(self, ecg: Tensor, visible: Tensor) -> tuple[Tensor, VisibleTokens, int]:
        cut = segments(ecg, self.config.segment_samples)  # (B, L, M, p)
        chosen = visible_tokens(visible)
        rows = cut.flatten(1, 2)  # (B, L * M, p)
        index = chosen.index.unsqueeze(-1).expand(-1, -1, rows.shape[-1])
        return self.embed(rows.gather(1, index)), chosen, cut.shape[2]

    def _mixed_tokens(self, ecg: Tensor, visible: Tensor) -> tuple[Tensor, VisibleTokens, int]:
        cut = segments(ecg, self.config.segment_samples)
        cut = cut.masked_fill(~visible.unsqueeze(-1), 0.0)
        chosen = visible_tokens(visible.any(dim=1, keepdim=True))
        rows = cut.transpose(1, 2).flatten(2)  # (B, M, L * p)
        index = chosen.index.unsqueeze(-1).expand(-1, -1, rows.shape[-1])
        return self.embed(rows.gather(1, index)), chosen, cut.shape[2]


def _log_weights(weights: Tensor, chosen: VisibleTokens) -> Tensor:
    """Logarithms (B, N) of the weights (B, L, M) of the tokens that exist; padding counts 0."""
    logs = weights.flatten(1).gather(1, chosen.index).log()
    return logs if chosen.valid is None else logs.masked_fill(~chosen.valid, -torch.inf)
