"""Patches in time, magnitude and phase read by one transformer: the encoder of CRT.

Source: "Self-Supervised Time Series Representation Learning via Cross Reconstruction Transformer",
IEEE TNNLS 2023, arXiv 2205.09928. Each domain has a tokeniser of its own (a thin ResNet-18 over a
patch of all leads), a class token, learned positions, and an embedding that tells it from the
others, added along the tokens (the released code adds it along the batch at inference).

Deviations: a patch of padding is no token; the spectrum is that of the window with zeros there.
Shapes: B batch, L leads, T samples, M_d patches of p values in domain d, N tokens kept, D width.
"""

from dataclasses import dataclass

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.errors import CardiolexError
from cardiolex.nn.patches import visible_tokens
from cardiolex.nn.spectrum import domains, patched
from cardiolex.nn.transformer import Block, check_heads

DOMAINS = 3
RESNET_WIDENING = 8
"""Width of a ResNet's last stage over that of its stem."""


@dataclass(frozen=True)
class Encoded:
    """Tokens before and after the transformer (B, N, D), at places `index` (B, N) of all patches.

    `valid` (B, N) or None as in `VisibleTokens`; `classes` (B, 3, D) are the class tokens after.
    """

    before: Tensor
    after: Tensor
    classes: Tensor
    index: Tensor
    valid: Tensor | None


class CrossDomain(nn.Module):
    """The ECG encoder of CRT."""

    class Config(BaseModel):
        """As published, for 10 s at 500 Hz."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        samples: int = Field(default=5000, gt=0)
        """Length T of a window."""
        patch_samples: int = Field(default=20, gt=0)
        leads: int = 12
        width: int = 128
        depth: int = 6
        heads: int = 8
        hidden: int = 128
        dropout: float = Field(default=0.2, ge=0, lt=1)

        @model_validator(mode="after")
        def _fits(self) -> "CrossDomain.Config":
            check_heads(self.width, self.heads)
            if self.width % RESNET_WIDENING:
                raise CardiolexError(
                    f"width = {self.width}: the tokenisers need a multiple of {RESNET_WIDENING}"
                )
            if self.samples < 2 * self.patch_samples:
                raise CardiolexError(
                    f"samples = {self.samples} give no patch of {self.patch_samples} frequencies"
                )
            return self

        @property
        def counts(self) -> tuple[int, int, int]:
            """Number of patches in time, magnitude, phase."""
            half = self.samples // 2 // self.patch_samples
            return self.samples // self.patch_samples, half, half

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width = config.width
        thin = ResNet1D.Config(
            samples=config.patch_samples, leads=config.leads, width=width // RESNET_WIDENING
        )
        self.tokenisers = nn.ModuleList(ResNet1D(thin) for _ in range(DOMAINS))
        self.classes = nn.Parameter(torch.randn(DOMAINS, width) * 0.02)
        self.domain = nn.Parameter(torch.randn(DOMAINS, width) * 0.02)
        self.positions = nn.ParameterList(
            nn.Parameter(torch.randn(count, width) * 0.02) for count in config.counts
        )
        self.blocks = nn.ModuleList(
            Block(width, config.heads, config.hidden, config.dropout) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.config.width

    def patches(self, ecg: Tensor) -> Tensor:
        """Of `ecg` (B, L, T) the patches of time, magnitude, phase one after another, (B, M, L, p).

        CardiolexError if T is not the one of the configuration.
        """
        if ecg.shape[1:] != (self.config.leads, self.config.samples):
            raise CardiolexError(
                f"ECG of {ecg.shape[1]} leads and {ecg.shape[2]} samples; this network takes "
                f"{self.config.leads} and {self.config.samples}: choose a Preprocess whose "
                "fs x seconds fits, or other samples"
            )
        return torch.cat([patched(part, self.config.patch_samples) for part in domains(ecg)], dim=1)

    def real(self, sample_mask: Tensor) -> Tensor:
        """(B, M) bool: patches that exist; in time those that are real by more than a half."""
        b, p = len(sample_mask), self.config.patch_samples
        in_time, *of_spectrum = self.config.counts
        share = sample_mask[:, : in_time * p].view(b, in_time, p).float().mean(dim=2)
        return torch.cat([share > 0.5, share.new_ones(b, sum(of_spectrum)).bool()], dim=1)

    def forward(self, patches: Tensor, kept: Tensor) -> Encoded:
        """Encode those of `patches` (B, M, L, p) with `kept` (B, M) True."""
        chosen = visible_tokens(kept.unsqueeze(1))
        place = self._places()
        tokens = patches.new_zeros(*kept.shape, self.dim)
        tokens[kept] = self._tokens(patches, kept).to(tokens.dtype)
        tokens = tokens + place.to(tokens.dtype)
        index = chosen.index.unsqueeze(-1).expand(-1, -1, self.dim)
        before = tokens.gather(1, index)  # (B, N, D)
        classes = (self.classes + self.domain).to(before.dtype).expand(len(before), -1, -1)
        x, valid = torch.cat([classes, before], dim=1), chosen.valid
        if valid is not None:
            valid = torch.cat([valid.new_ones(len(x), DOMAINS), valid], dim=1)
        for block in self.blocks:
            x = block(x, valid)
        x = self.norm(x)
        return Encoded(before, x[:, DOMAINS:], x[:, :DOMAINS], chosen.index, chosen.valid)

    def _tokens(self, patches: Tensor, kept: Tensor) -> Tensor:
        """Tokens of all kept patches in the order of `patches[kept]`, each by its own tokeniser."""
        domain = torch.repeat_interleave(
            torch.arange(DOMAINS, device=kept.device),
            torch.tensor(self.config.counts, device=kept.device),
        )
        belongs = domain.expand_as(kept)[kept]
        rows = patches[kept]  # (all kept, L, p)
        made = rows.new_zeros(len(rows), self.dim, dtype=torch.float32)
        for number, tokeniser in enumerate(self.tokenisers):
            assert isinstance(tokeniser, ResNet1D)
            one = belongs == number
            made[one] = tokeniser.pool(tokeniser(rows[one])).float()
        return made

    def _places(self) -> Tensor:
        """What is added to a token at each place, (M, D): position and domain."""
        parts = zip(self.positions, self.domain, strict=True)
        return torch.cat([position + domain for position, domain in parts])
