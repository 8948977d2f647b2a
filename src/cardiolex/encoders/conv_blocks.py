"""Small convolutional encoders: blocks of convolution, BatchNorm, ReLU, max-pooling, dropout.

Two published networks are of this kind, `ConvBlocks.Config.clocs` (arXiv 2005.13249) and
`ConvBlocks.Config.ts_tcc` (arXiv 2106.14112).
Shapes: B batch, L leads, T samples, N tokens, C channels, D width of the pooled vector.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.batch_norm import GlobalBatchNorm
from cardiolex.nn.window import check_window


class ConvBlocks(nn.Module):
    """`ecg` (B, L, T) to tokens (B, N, C), and those to one vector."""

    class Config(BaseModel):
        """One entry of each tuple for a block; TS-TCC's network for long recordings by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        kind: Literal["conv_blocks"] = "conv_blocks"
        leads: int = 12
        samples: int = Field(default=5000, gt=0)
        """Length T of a window."""
        channels: tuple[int, ...] = (32, 64, 128)
        kernels: tuple[int, ...] = (25, 8, 8)
        strides: tuple[int, ...] = (3, 1, 1)
        dropout: tuple[float, ...] = (0.35, 0.0, 0.0)
        padded: bool = True
        """Half a kernel of zeros at each end of a convolution, and one sample where pooled."""
        flat: int | None = Field(default=None, gt=0)
        """Width of a linear layer over all tokens side by side; None = their mean."""

        @model_validator(mode="after")
        def _fits(self) -> Self:
            lengths = {len(x) for x in (self.channels, self.kernels, self.strides, self.dropout)}
            if len(lengths) > 1:
                raise CardiolexError(
                    "channels, kernels, strides and dropout need one entry for each block; "
                    f"they have {sorted(lengths)}"
                )
            if self.tokens < 1:
                raise CardiolexError(
                    f"nothing is left of {self.samples} samples after strides {self.strides}; "
                    "take longer windows or smaller strides"
                )
            return self

        @property
        def tokens(self) -> int:
            """Number N of tokens of a window; less than 1 where it is too short."""
            n = self.samples
            for kernel, stride in zip(self.kernels, self.strides, strict=True):
                n = (n + self.padded * 2 * (kernel // 2) - kernel) // stride + 1
                n = (n + self.padded * 2) // 2
            return n

        @classmethod
        def clocs(cls) -> Self:
            """CLOCS' network of single leads: 5 s at 500 Hz give 10 tokens of 32, those 128."""
            return cls(
                kind="conv_blocks",
                leads=1,
                channels=(4, 16, 32),
                kernels=(7, 7, 7),
                strides=(3, 3, 3),
                dropout=(0.1, 0.1, 0.1),
                padded=False,
                flat=128,
            )

        @classmethod
        def ts_tcc(cls) -> Self:
            """TS-TCC's network for its longest recordings (sleep, 3000 samples)."""
            return cls(kind="conv_blocks")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        inputs = (config.leads, *config.channels)
        for i, (out, kernel) in enumerate(zip(config.channels, config.kernels, strict=True)):
            padding = kernel // 2 if config.padded else 0
            layers += [
                nn.Conv1d(inputs[i], out, kernel, config.strides[i], padding, bias=False),
                GlobalBatchNorm(out),
                nn.ReLU(),
                nn.MaxPool1d(2, padding=int(config.padded)),
                nn.Dropout(config.dropout[i]),
            ]
        self.blocks = nn.Sequential(*layers)
        c = config.channels[-1]
        self.dim = config.flat or c
        """Width D of the pooled vector."""
        self.out = nn.Linear(config.tokens * c, config.flat) if config.flat else None

    @property
    def tokens(self) -> int:
        """Number N of tokens of a window."""
        return self.config.tokens

    def forward(self, ecg: Tensor) -> Tensor:
        """`ecg` (B, L, T) to tokens (B, N, C)."""
        check_window(ecg, self.config.leads, self.config.samples)
        tokens: Tensor = self.blocks(ecg)
        return tokens.transpose(1, 2)

    def pool(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, C) to (B, D)."""
        if self.out is None:
            return tokens.mean(dim=1)
        pooled: Tensor = self.out(tokens.flatten(1))
        return pooled
