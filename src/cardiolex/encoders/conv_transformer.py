"""Convolutional features of 32 ms, then a transformer over time: MELP's ECG encoder.

Source: MELP (arXiv:2506.21803), whose encoder is ECG-FM's (arXiv:2408.05178), a wav2vec 2.0
(arXiv:2006.11477) with 12 input channels. A token is a patch of 16 samples of all leads; absent
leads are zeros, given so by the caller. The gradient into the convolutions is multiplied by 0.1.

Deviation: padding is no signal. A token exists where all its samples are real; the others stay out
of the normalisation over time and are never attended to, so a padded recording gives the tokens
of the recording alone. The original sees padding as signal (`see_padding`). Without padding both
are the same. What only wav2vec's own pre-training needs (quantiser, mask embedding) is not here.
Shapes: B batch, L leads, T samples, N = T // 16 tokens, D width.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.post_norm import PositionalConv, PostNormBlock
from cardiolex.nn.strided_conv import StridedConv, scale_gradient, whole
from cardiolex.nn.transformer import check_heads

SIZES = {"small": (768, 8, 12), "base": (768, 12, 12), "large": (1024, 24, 16)}


class ConvTransformer(nn.Module):
    """The ECG encoder of MELP."""

    class Config(BaseModel):
        """Sizes and rates; "small" is MELP's."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        kind: Literal["conv_transformer"] = "conv_transformer"
        leads: int = 12
        channels: int = 256
        stages: int = Field(default=4, ge=1)
        """Halvings of the rate: 4 give tokens of 16 samples."""
        width: int = 768
        depth: int = 8
        heads: int = 12
        mlp_ratio: int = 4
        position_kernel: int = 128
        position_groups: int = 16
        dropout: float = Field(default=0.1, ge=0, lt=1)
        attention_dropout: float = Field(default=0.1, ge=0, lt=1)
        conv_gradient: float = 0.1
        see_padding: bool = False
        """True: padded samples are signal, as in the original."""

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            check_heads(self.width, self.heads)
            if self.width % self.position_groups:
                raise CardiolexError(
                    f"width = {self.width} cannot be divided among position_groups = "
                    f"{self.position_groups}; choose a divisor of the width"
                )
            return self

        @classmethod
        def of_size(cls, size: str) -> "ConvTransformer.Config":
            """ECG-FM's sizes: "small", "base", "large"."""
            if size not in SIZES:
                raise CardiolexError(f"no size {size!r}; there are {', '.join(SIZES)}")
            width, depth, heads = SIZES[size]
            return cls(width=width, depth=depth, heads=heads)

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.features = StridedConv(config.leads, config.channels, config.stages)
        self.norm_features = nn.LayerNorm(config.channels)
        self.embed = nn.Linear(config.channels, width)
        self.position = PositionalConv(width, config.position_kernel, config.position_groups)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            PostNormBlock(
                width,
                config.heads,
                config.mlp_ratio * width,
                config.dropout,
                config.attention_dropout,
            )
            for _ in range(config.depth)
        )

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.config.width

    def real(self, sample_mask: Tensor | None) -> Tensor | None:
        """Which tokens exist, (B, N) bool, for `sample_mask` (B, T) bool; None if all do.

        CardiolexError if a recording has none.
        """
        if sample_mask is None or self.config.see_padding or bool(sample_mask.all()):
            return None
        real = whole(sample_mask, self.features.patch_samples)  # (B, N)
        if not bool(real.any(dim=1).all()):
            bad = (~real.any(dim=1)).nonzero().flatten().tolist()
            raise CardiolexError(
                f"recording(s) {bad} of this batch have no {self.features.patch_samples} real "
                "samples in a row; leave them out"
            )
        return real

    def forward(self, ecg: Tensor, sample_mask: Tensor | None = None) -> Tensor:
        """Tokens (B, N, D) of `ecg` (B, L, T); `sample_mask` (B, T) False = padding, None = none.

        Tokens that `real` calls False are zero.
        """
        valid = self.real(sample_mask)
        features = self.norm_features(self.local(ecg, sample_mask))
        return self.context(self.dropout(self.embed(features)), valid)

    def local(self, ecg: Tensor, sample_mask: Tensor | None = None) -> Tensor:
        """What the convolutions alone make of `ecg` (B, L, T), (B, N, C), not yet normalised."""
        self._check(ecg)
        x = self.features(ecg, None if self.real(sample_mask) is None else sample_mask)
        return scale_gradient(x, self.config.conv_gradient)

    def context(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """The transformer on embedded features `x` (B, N, D); `valid` as `real` gives it."""
        x = _only(x, valid)
        x = self.dropout(self.norm(x + self.position(x)))
        for block in self.blocks:
            x = block(x, valid)  # (B, N, D)
        return _only(x, valid)

    def _check(self, ecg: Tensor) -> None:
        leads, shortest = self.config.leads, self.features.patch_samples
        if ecg.shape[1] != leads or ecg.shape[2] < shortest:
            raise CardiolexError(
                f"ECG of {ecg.shape[1]} leads and {ecg.shape[2]} samples; this network takes "
                f"{leads} leads and at least {shortest} samples"
            )


def _only(x: Tensor, valid: Tensor | None) -> Tensor:
    """`x` (B, N, D), zero where `valid` (B, N) is False."""
    return x if valid is None else x.masked_fill(~valid.unsqueeze(-1), 0.0)
