"""Recordings with their masks, and what changes of them need: scale, span, chance.

Shapes: B batch, L leads (12 in the standard order), T samples.
"""

from typing import NamedTuple

import torch
from torch import Tensor

Generator = torch.Generator | None
Range = tuple[float, float]
INDEPENDENT = 8
"""I, II and V1 to V6: the channels from which all leads follow."""


class Signal(NamedTuple):
    """Recordings as a system reads them; `ecg` is zero wherever a mask is False."""

    ecg: Tensor  # (B, 12, T)
    lead_mask: Tensor  # (B, 12) bool
    sample_mask: Tensor  # (B, T) bool

    @classmethod
    def of(cls, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> "Signal":
        """In float32, with zeros wherever `ecg` held something under a mask."""
        there = lead_mask[:, :, None] & sample_mask[:, None]
        return cls(ecg.float().masked_fill(~there, 0.0), lead_mask, sample_mask)

    @property
    def there(self) -> Tensor:
        """Where there is a signal, (B, 12, T)."""
        return self.lead_mask[:, :, None] & self.sample_mask[:, None]

    def changed(self, ecg: Tensor, sample_mask: Tensor | None = None) -> "Signal":
        """The same leads with other samples, zero where there is none."""
        mask = self.sample_mask if sample_mask is None else sample_mask
        there = self.lead_mask[:, :, None] & mask[:, None]
        return Signal(ecg.masked_fill(~there, 0.0), self.lead_mask, mask)


def sometimes(old: Signal, new: Signal, probability: float, generator: Generator = None) -> Signal:
    """`new` for a share of the recordings, `old` for the others."""
    chosen = uniform(old, (len(old.ecg),), (0.0, 1.0), generator) < probability
    parts = (
        torch.where(chosen.view(-1, *[1] * (a.ndim - 1)), b, a)
        for a, b in zip(old, new, strict=True)
    )
    return Signal(*parts)


def scale_of(signal: Signal) -> Tensor:
    """Standard deviation of each recording over real samples, lead means removed: (B, 1, 1)."""
    there = signal.there
    square = ((signal.ecg - lead_means(signal)) * there).square().sum(dim=(1, 2))
    return (square / there.sum(dim=(1, 2)).clamp(min=1)).sqrt()[:, None, None]


def lead_means(signal: Signal) -> Tensor:
    """Mean of each lead over its real samples, (B, L, 1)."""
    there = signal.there
    return signal.ecg.sum(dim=2, keepdim=True) / there.sum(dim=2, keepdim=True).clamp(min=1)


def span(signal: Signal) -> tuple[Tensor, Tensor]:
    """First real sample and number of samples to the last one, each (B, 1)."""
    real = signal.sample_mask.to(torch.int8)
    first = real.argmax(dim=1, keepdim=True)
    last = real.shape[1] - 1 - real.flip(1).argmax(dim=1, keepdim=True)
    return first, last - first + 1


def time(signal: Signal) -> Tensor:
    """0 … T - 1, (1, 1, T)."""
    return torch.arange(signal.ecg.shape[2], device=signal.ecg.device)[None, None]


def uniform(
    signal: Signal, shape: tuple[int, ...] | torch.Size, limits: Range, generator: Generator
) -> Tensor:
    """Uniform draws of `shape` within `limits`, on the device of the signal."""
    draw = torch.rand(shape, device=signal.ecg.device, generator=generator)
    return limits[0] + (limits[1] - limits[0]) * draw


def normal(signal: Signal, generator: Generator, more: int = 0) -> Tensor:
    """Standard normal draws for the independent channels, (B, 8, T + more)."""
    b, _, samples = signal.ecg.shape
    shape = (b, INDEPENDENT, samples + more)
    return torch.randn(shape, device=signal.ecg.device, generator=generator)
