"""Strided convolutions, then a recurrent network that knows the past alone: CPC's two networks.

Source: arXiv 1807.03748, section 3.1, for the kind; Mehari & Strodthoff (arXiv 2103.12676) for its
sizes on ECGs: four convolutions of 512 channels, kernels 10, 4, 4, 4, two recurrent layers of 512.
Theirs are strides of 2 at 100 Hz and an LSTM; ours a GRU, as in the first paper, and strides 5, 2,
2, 2, so that at 500 Hz a token is 80 ms (there 160 ms; 12 steps ahead are about one heartbeat).
Shapes: B batch, L leads, T samples, N tokens, C channels, D width of a state.
"""

from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.batch_norm import GlobalBatchNorm


class ConvGRU(nn.Module):
    """`ecg` (B, L, T) to tokens (B, N, C), and those to states (B, N, D)."""

    class Config(BaseModel):
        """Sizes, and one entry of `kernels` and `strides` for each convolution."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        kind: Literal["conv_gru"] = "conv_gru"
        leads: int = 12
        channels: int = Field(default=512, gt=0)
        kernels: tuple[int, ...] = (10, 4, 4, 4)
        strides: tuple[int, ...] = (5, 2, 2, 2)
        width: int = Field(default=512, gt=0)
        """D, of a state."""
        layers: int = Field(default=2, ge=1)

        @model_validator(mode="after")
        def _pairs(self) -> Self:
            if len(self.kernels) != len(self.strides):
                raise CardiolexError(
                    f"{len(self.kernels)} kernels and {len(self.strides)} strides; give one of "
                    "each for every convolution"
                )
            return self

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels = config.leads
        for kernel, stride in zip(config.kernels, config.strides, strict=True):
            layers += [
                nn.Conv1d(channels, config.channels, kernel, stride, kernel // 2, bias=False),
                GlobalBatchNorm(config.channels),
                nn.ReLU(),
            ]
            channels = config.channels
        self.convolutions = nn.Sequential(*layers)
        self.recurrent = nn.GRU(channels, config.width, config.layers, batch_first=True)

    @property
    def dim(self) -> int:
        """Width D of a state."""
        return self.config.width

    def tokens(self, ecg: Tensor) -> Tensor:
        """`ecg` (B, L, T), zero where nothing is, to tokens (B, N, C)."""
        tokens: Tensor = self.convolutions(ecg)
        return tokens.transpose(1, 2)

    def states(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, C) to states (B, N, D): state n has seen tokens 0 to n."""
        on_cpu = tokens.device.type == "cpu"  # where autocast leaves recurrent weights alone
        with torch.autocast("cpu", enabled=False):
            states, _ = self.recurrent(tokens.float() if on_cpu else tokens)
        result: Tensor = states
        return result
