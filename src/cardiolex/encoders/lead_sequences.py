"""Leads as sequences of their own, read together: the encoder of ST-MEM.

Source: "Guiding Masked Representation Learning to Capture Spatio-Temporal Relationship of
Electrocardiogram", ICLR 2024, arXiv 2402.09450. A patch of one lead is a token, one embedding
serves all leads; each lead begins and ends with the same learned separator. To all of a lead's
tokens its learned embedding is added. Positions along time are sines and cosines, separators
included, so a window may have any number of patches.

Absent leads have no tokens, not even separators; padding has none either, and samples that do not
fill a patch are left out.
Shapes: B batch, L leads, T samples, M patches of p samples, N tokens, D width.
"""

from typing import Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.patches import real_segments, segments, through
from cardiolex.nn.positions import sine_cosine
from cardiolex.nn.transformer import Block, check_heads

SIZES = {"tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12)}


class LeadSequences(nn.Module):
    """The ECG encoder of ST-MEM."""

    class Config(BaseModel):
        """ST-MEM's "base" at 250 Hz."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        segment_samples: int = Field(default=75, gt=0)
        """p: 0.3 s at 250 Hz."""
        leads: int = 12
        width: int = 768
        depth: int = 12
        heads: int = 12
        mlp_ratio: int = 4
        patch_norm: bool = True
        """Each patch is normalised before it is embedded, which hides its amplitude."""

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            check_heads(self.width, self.heads)
            return self

        @classmethod
        def of_size(cls, size: str) -> "LeadSequences.Config":
            """ST-MEM's "small" and "base", and MERL's "tiny"."""
            if size not in SIZES:
                raise CardiolexError(f"no size {size!r}; there are {', '.join(SIZES)}")
            width, depth, heads = SIZES[size]
            return cls(width=width, depth=depth, heads=heads)

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        p, width = config.segment_samples, config.width
        norm = nn.LayerNorm(p) if config.patch_norm else nn.Identity()
        self.embed = nn.Sequential(norm, nn.Linear(p, width), nn.LayerNorm(width))
        self.lead = nn.Parameter(torch.randn(config.leads, width) * 0.02)
        self.separator = nn.Parameter(torch.randn(width) * 0.02)
        self.blocks = nn.ModuleList(
            Block(width, config.heads, config.mlp_ratio * width) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.config.width

    def patches(self, ecg: Tensor) -> Tensor:
        """`ecg` (B, L, T) to (B, L, M, p)."""
        p = self.config.segment_samples
        if ecg.shape[2] < p:
            raise CardiolexError(
                f"{ecg.shape[2]} samples do not fill one patch of {p}; choose a Preprocess with a "
                "longer window, or fewer segment_samples"
            )
        return segments(ecg[:, :, : ecg.shape[2] // p * p], p)

    def real(self, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, L, M) bool: which patches a recording has."""
        p = self.config.segment_samples
        return real_segments(lead_mask, sample_mask[:, : sample_mask.shape[1] // p * p], p)

    def forward(self, ecg: Tensor, real: Tensor, visible: Tensor | None = None) -> Tensor:
        """Encode `ecg` (B, L, T) where `visible` (B, L, M) is True, or all that is `real`.

        Returns (B, L, M + 2, D), the separators of a lead first and last, zero where no token is.
        """
        chosen = with_separators(real if visible is None else visible, real.any(dim=2))
        return self.encode(self.tokens(self.patches(ecg)), chosen)

    def tokens(self, patches: Tensor) -> Tensor:
        """Patches (B, L, M, p) to tokens before the transformer, (B, L, M + 2, D)."""
        x = self.embed(patches)
        edge = self.separator.to(x.dtype).expand(*x.shape[:2], 1, -1)
        x = torch.cat([edge, x, edge], dim=2)
        place = sine_cosine(x.shape[2], self.dim, x.device)
        return x + (place + self.lead[:, None]).to(x.dtype)

    def encode(self, tokens: Tensor, chosen: Tensor) -> Tensor:
        """The transformer on those of `tokens` (B, L, n, D) with `chosen` (B, L, n) True."""
        return through(tokens, chosen, self._transformer)

    def _transformer(self, x: Tensor, valid: Tensor | None) -> Tensor:
        for block in self.blocks:
            x = block(x, valid)
        result: Tensor = self.norm(x)
        return result


def with_separators(visible: Tensor, there: Tensor) -> Tensor:
    """(B, L, M) with a separator before and behind the patches of each lead that is `there`."""
    edge = there.unsqueeze(-1)
    return torch.cat([edge, visible, edge], dim=2)
