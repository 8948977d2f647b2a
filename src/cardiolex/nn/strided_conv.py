"""Strided convolutions that turn a signal into a sequence of short patches (wav2vec 2.0's front).

Shapes: B batch, L leads, T samples, C channels, N patches of 2^stages samples.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StridedConv(nn.Module):
    """`stages` x (Conv1d of 2 samples, stride 2, no bias; GELU); one normalisation after the first.

    Patches do not overlap; samples that do not fill a patch are left out.
    """

    def __init__(self, leads: int, channels: int, stages: int) -> None:
        super().__init__()
        inputs = [leads] + [channels] * (stages - 1)
        self.layers = nn.ModuleList(nn.Conv1d(n, channels, 2, 2, bias=False) for n in inputs)
        self.norm = ChannelNorm(channels)
        for layer in self.layers:
            assert isinstance(layer, nn.Conv1d)
            nn.init.kaiming_normal_(layer.weight)

    @property
    def patch_samples(self) -> int:
        """Samples of a patch."""
        return int(2 ** len(self.layers))

    def forward(self, ecg: Tensor, sample_mask: Tensor | None = None) -> Tensor:
        """`ecg` (B, L, T) to (B, N, C); samples with `sample_mask` (B, T) False leave no trace."""
        if sample_mask is not None:
            ecg = ecg.masked_fill(~sample_mask[:, None, :], 0.0)
        x = self.layers[0](ecg)  # (B, C, T / 2)
        x = F.gelu(self.norm(x, None if sample_mask is None else whole(sample_mask, 2)))
        for layer in list(self.layers)[1:]:
            x = F.gelu(layer(x))
        return x.transpose(1, 2)


class ChannelNorm(nn.GroupNorm):
    """Each channel normalised over the time of its own recording, in float32."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """`x` (B, C, T); steps with `valid` (B, T) False stay out of mean and variance."""
        with torch.autocast(x.device.type, enabled=False):
            if valid is None:
                return super().forward(x.float()).to(x.dtype)
            y, weight = x.float(), valid[:, None, :].float()
            count = weight.sum(dim=2, keepdim=True).clamp(min=1)
            y = y - (y * weight).sum(dim=2, keepdim=True) / count
            variance = (y.square() * weight).sum(dim=2, keepdim=True) / count
            y = y * torch.rsqrt(variance + self.eps)
            return (y * self.weight[:, None] + self.bias[:, None]).to(x.dtype)


def whole(sample_mask: Tensor, samples: int) -> Tensor:
    """(B, T) bool to (B, T // samples): every sample of the piece is real."""
    b, t = sample_mask.shape
    n = t // samples
    result: Tensor = sample_mask[:, : n * samples].reshape(b, n, samples).all(dim=2)
    return result


class _ScaleGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: float) -> Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0] * ctx.scale, None


def scale_gradient(x: Tensor, scale: float) -> Tensor:
    """`x` itself; the gradient that flows back through it is multiplied by `scale`."""
    scaled: Tensor = _ScaleGradient.apply(x, scale)  # type: ignore[no-untyped-call]
    return scaled
