"""Cutting a signal into segments, and moving only the visible ones on.

Shapes: B batch, L leads, T samples, M segments of p samples, N visible tokens.
A token is numbered lead * M + segment.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cardiolex.errors import CardiolexError


@dataclass(frozen=True)
class VisibleTokens:
    """Which tokens exist: `index` (B, N) into L * M; `valid` (B, N) is None if none is padding."""

    index: Tensor
    valid: Tensor | None


def segment_count(length: int, samples: int, most: int | None = None) -> int:
    """M; CardiolexError if `length` is no multiple of `samples` or gives more than `most`."""
    if length % samples or (most is not None and length // samples > most):
        limit = "" if most is None else f" (at most {most})"
        raise CardiolexError(
            f"{length} samples cannot be cut into segments of {samples}{limit}; choose a "
            "Preprocess whose fs x seconds fits, or other segment_samples"
        )
    return length // samples


def segments(ecg: Tensor, samples: int) -> Tensor:
    """(B, L, T) to (B, L, M, p); T must be a multiple of `samples`."""
    b, leads, t = ecg.shape
    return ecg.reshape(b, leads, segment_count(t, samples), samples)


def real_segments(lead_mask: Tensor, sample_mask: Tensor, samples: int) -> Tensor:
    """(B, L, M) bool: the lead is present and more than half of the segment is real signal.

    `lead_mask` (B, L) bool; `sample_mask` (B, T) bool, False where the window was padded.
    """
    b, t = sample_mask.shape
    pieces = sample_mask.reshape(b, segment_count(t, samples), samples)
    real: Tensor = pieces.sum(dim=2) * 2 > samples  # (B, M)
    return lead_mask[:, :, None] & real[:, None, :]


def visible_tokens(visible: Tensor) -> VisibleTokens:
    """Numbers of the True entries of `visible` (B, L, M), in order, padded to the longest row."""
    flat = visible.flatten(1)  # (B, L * M)
    counts = flat.sum(dim=1)
    longest, shortest = int(counts.max()), int(counts.min())
    if shortest == 0:
        bad = counts.eq(0).nonzero().flatten().tolist()
        raise CardiolexError(
            f"no visible lead with real signal in recording(s) {bad} of this batch; "
            "leave them out or give at least one lead"
        )
    if longest == shortest:
        return VisibleTokens(flat.nonzero()[:, 1].view(len(flat), longest), None)
    order = torch.sort(flat.to(torch.uint8), dim=1, descending=True, stable=True).indices
    valid = torch.arange(longest, device=flat.device) < counts[:, None]
    return VisibleTokens(order[:, :longest], valid)


def through(
    tokens: Tensor, chosen: Tensor, network: Callable[[Tensor, Tensor | None], Tensor]
) -> Tensor:
    """`network` on those of `tokens` (B, L, M, D) with `chosen` (B, L, M) True; zero elsewhere.

    It is given (B, N, D) and `valid` as in `VisibleTokens`.
    """
    kept = visible_tokens(chosen)
    index = kept.index.unsqueeze(-1).expand(-1, -1, tokens.shape[-1])
    x = network(tokens.flatten(1, 2).gather(1, index), kept.valid)
    if kept.valid is not None:
        x = x.masked_fill(~kept.valid.unsqueeze(-1), 0.0)
    grid = x.new_zeros(len(x), chosen[0].numel(), x.shape[-1])
    return grid.scatter_add(1, index, x).view(*chosen.shape, x.shape[-1])
