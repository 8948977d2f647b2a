"""Cutting a signal into heartbeats of equal length.

Source: HeartLang (arXiv 2502.10707), section 3.1. A beat is `P` samples around its R peak; what
lies beyond the middle between it and its neighbour is zero. All leads are cut at the same places.
Shapes: B batch, L leads, T samples, K beats at most, P samples of a beat.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Beats:
    """`samples` (B, L, K, P), which are there (B, L, K) bool, `second` (B, K) of each R peak."""

    samples: Tensor
    there: Tensor
    second: Tensor


def cut_beats(
    ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, peaks: Tensor, samples: int, fs: float
) -> Beats:
    """Beats of `ecg` (B, L, T) at `peaks` (B, K), in order; -1 where there is no further one."""
    b, leads, t = ecg.shape
    there = peaks >= 0
    before = torch.nn.functional.pad(peaks[:, :-1], (1, 0), value=-1)
    after = torch.nn.functional.pad(peaks[:, 1:], (0, 1), value=-1)
    left = torch.where(before >= 0, (before + peaks) // 2, 0)
    right = torch.where(after >= 0, (after + peaks) // 2, t)
    place = peaks[..., None] + torch.arange(samples, device=ecg.device) - samples // 2  # (B, K, P)
    inside = (place >= left[..., None]) & (place < right[..., None]) & there[..., None]
    flat = place.clamp(0, t - 1).flatten(1)  # (B, K P)
    inside = inside & sample_mask.gather(1, flat).view_as(inside)
    cut = ecg.gather(2, flat[:, None].expand(-1, leads, -1)).view(b, leads, *place.shape[1:])
    cut = cut.masked_fill(~(inside[:, None] & lead_mask[:, :, None, None]), 0.0)
    second = (peaks.clamp(min=0) / fs).long()
    return Beats(cut, lead_mask[:, :, None] & there[:, None], second)


def even_peaks(sample_mask: Tensor, samples: int) -> list[int]:
    """Middles of windows of `samples` from the first to the last real one of `sample_mask` (T,)."""
    real = sample_mask.nonzero().flatten().tolist()
    first, length = (real[0], real[-1] + 1 - real[0]) if real else (0, len(sample_mask))
    count = max(1, length // samples)
    return [min(first + k * samples + samples // 2, len(sample_mask) - 1) for k in range(count)]
