"""Windows: the length a network takes, what of them is real, their halves."""

import torch
from torch import Tensor

from cardiolex.errors import CardiolexError


def check_window(ecg: Tensor, leads: int, samples: int) -> None:
    """CardiolexError unless `ecg` is (B, leads, samples)."""
    if ecg.shape[1:] != (leads, samples):
        raise CardiolexError(
            f"ECG of {ecg.shape[1]} leads and {ecg.shape[2]} samples; this network takes {leads} "
            f"and {samples}: choose a Preprocess whose fs x seconds fits, or other samples"
        )


def filled(ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
    """`ecg` (B, L, T) with zeros where `lead_mask` (B, L) or `sample_mask` (B, T) is False."""
    return ecg.masked_fill(~(lead_mask[:, :, None] & sample_mask[:, None]), 0.0)


def halves(ecg: Tensor, sample_mask: Tensor) -> tuple[Tensor, Tensor]:
    """First and second half in time of what is real of each recording, one below the other.

    `ecg` (B, L, T), `sample_mask` (B, T) to (2 B, L, T // 2), (2 B, T // 2). Halves of a padded
    recording are shorter: they begin at the left and are padded, with zeros, at the right.
    """
    t, real = ecg.shape[2] // 2, sample_mask.to(torch.int8)
    first = real.argmax(dim=1, keepdim=True)
    length = ecg.shape[2] - first - real.flip(1).argmax(dim=1, keepdim=True)  # (B, 1)
    step = torch.arange(t, device=ecg.device)
    parts, masks = [], []
    for start in (first, first + length // 2):
        place = (start + step).clamp(max=ecg.shape[2] - 1)  # (B, T // 2)
        mask = sample_mask.gather(1, place) & (step < length // 2)
        part = ecg.gather(2, place[:, None].expand(-1, ecg.shape[1], -1))
        parts.append(part.masked_fill(~mask[:, None], 0.0))
        masks.append(mask)
    return torch.cat(parts), torch.cat(masks)
