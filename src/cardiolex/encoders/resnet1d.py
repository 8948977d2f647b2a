"""One-dimensional residual networks over all leads at once.

Source: MERL (arXiv 2403.06659), after He 2016 (arXiv:1512.03385). Stem: convolution of 7 samples,
stride 2, BatchNorm, ReLU, no max-pooling; four stages of basic (18, 34) or bottleneck (50, 101)
blocks, strides 1, 2, 2, 2; projection shortcuts where the shape changes. Time is divided by 16:
5000 samples give 313 tokens.

Deviation: the classifier of ten classes that the released module carries and never uses is left
out (5,130 weights of ResNet-18).
Shapes: B batch, L leads, T samples, C channels, N = T / 16 tokens, D width of a token.
"""

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.nn.batch_norm import GlobalBatchNorm
from cardiolex.nn.window import check_window

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
STRIDES = (1, 2, 2, 2)


class BasicBlock(nn.Module):
    """Two convolutions of 3 samples and a shortcut: (B, C, T) to (B, width, T / stride)."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(channels, width, 3, stride, padding=1, bias=False)
        self.norm1 = GlobalBatchNorm(width)
        self.conv2 = nn.Conv1d(width, width, 3, padding=1, bias=False)
        self.norm2 = GlobalBatchNorm(width)
        self.shortcut = shortcut(channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """`x` (B, C, T)."""
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return torch.relu(y + self.shortcut(x))


class Bottleneck(nn.Module):
    """Convolutions of 1, 3 and 1 samples and a shortcut: (B, C, T) to (B, 4 width, T / stride)."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = self.expansion * width
        self.conv1 = nn.Conv1d(channels, width, 1, bias=False)
        self.norm1 = GlobalBatchNorm(width)
        self.conv2 = nn.Conv1d(width, width, 3, stride, padding=1, bias=False)
        self.norm2 = GlobalBatchNorm(width)
        self.conv3 = nn.Conv1d(width, out, 1, bias=False)
        self.norm3 = GlobalBatchNorm(out)
        self.shortcut = shortcut(channels, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """`x` (B, C, T)."""
        y = torch.relu(self.norm1(self.conv1(x)))
        y = torch.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return torch.relu(y + self.shortcut(x))


class ResNet1D(nn.Module):
    """MERL's convolutional ECG encoder."""

    class Config(BaseModel):
        """ResNet-18 by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        kind: Literal["resnet"] = "resnet"
        depth: Literal[18, 34, 50, 101] = 18
        samples: int = Field(default=5000, gt=0)
        """Length T of a window."""
        leads: int = 12
        width: int = Field(default=64, gt=0)
        """Channels of the stem; the stages have 1, 2, 4 and 8 times as many."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        block = BasicBlock if config.depth < 50 else Bottleneck
        self.conv = nn.Conv1d(config.leads, config.width, 7, stride=2, padding=3, bias=False)
        self.norm = GlobalBatchNorm(config.width)
        channels, stages = config.width, []
        for i, (blocks, stride) in enumerate(zip(DEPTHS[config.depth], STRIDES, strict=True)):
            width = config.width * 2**i
            layers: list[nn.Module] = [block(channels, width, stride)]
            channels = width * block.expansion
            layers += [block(channels, width, 1) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(*layers))
        self.stages = nn.Sequential(*stages)
        self.dim = channels
        """Width D of a token."""

    @property
    def tokens(self) -> int:
        """Number N of tokens of a window."""
        return -(-self.config.samples // 16)

    def forward(self, ecg: Tensor) -> Tensor:
        """`ecg` (B, L, T) to tokens (B, N, D)."""
        check_window(ecg, self.config.leads, self.config.samples)
        x = torch.relu(self.norm(self.conv(ecg)))  # (B, C, T / 2)
        tokens: Tensor = self.stages(x)  # (B, D, N)
        return tokens.transpose(1, 2)

    def pool(self, tokens: Tensor) -> Tensor:
        """Average over time of `tokens` (B, N, D), the feature of MERL's linear probe: (B, D)."""
        return tokens.mean(dim=1)


def shortcut(channels: int, out: int, stride: int) -> nn.Module:
    """The identity where the shape stays, else a convolution of 1 sample and BatchNorm."""
    if channels == out and stride == 1:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv1d(channels, out, 1, stride, bias=False),
        GlobalBatchNorm(out),
    )
