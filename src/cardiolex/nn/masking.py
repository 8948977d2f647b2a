"""Which leads and segments stay visible in a training step (K-MERL, section 3.3; MELP; ST-MEM).

All functions are pure in (generator, masks). B batch, L leads, M segments.
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor


def draw_count(
    counts: Sequence[int], weights: Sequence[float] | None, generator: torch.Generator | None
) -> int:
    """One of `counts`, uniformly or with `weights`."""
    p = torch.ones(len(counts)) if weights is None else torch.tensor(weights)
    return counts[int(torch.multinomial(p, 1, generator=generator))]


def mask_leads(
    lead_mask: Tensor,
    masked: Sequence[int] = (9, 10, 11),
    weights: Sequence[float] | None = None,
    generator: torch.Generator | None = None,
    per: Literal["batch", "sample"] = "batch",
) -> Tensor:
    """Dynamic lead masking: `lead_mask` (B, L) to a subset of it, (B, L) bool.

    The number of masked leads is drawn from `masked` (with `weights`) once per batch or per
    sample, the identity of the leads per sample and uniformly. A recording with fewer leads than
    would stay visible keeps all it has; none is ever left without a lead.
    """
    b, leads = lead_mask.shape
    draws = 1 if per == "batch" else b
    keep = torch.tensor([leads - draw_count(masked, weights, generator) for _ in range(draws)])
    return random_subset(lead_mask, keep.clamp(min=1).to(lead_mask.device).expand(b), generator)


def drop_leads(
    lead_mask: Tensor, probability: float, generator: torch.Generator | None = None
) -> Tensor:
    """Each lead of `lead_mask` (B, L) is hidden with `probability`, independently (MELP).

    Where that would hide all, one of the recording's leads stays; MELP's code hides all.
    """
    noise = torch.rand(lead_mask.shape, generator=generator).to(lead_mask.device)
    noise = noise.masked_fill(~lead_mask, -1.0)
    last = noise == noise.max(dim=1, keepdim=True).values
    return lead_mask & ((noise >= probability) | last)


def mask_segments(
    real: Tensor,
    ratio: float = 0.25,
    over: Literal["lead", "all"] = "lead",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Drop `ratio` of the segments of `real` (B, L, M): independently in each lead, or over all.

    Of n real segments ceil((1 - ratio) * n) stay: 38 of 50 for a quarter (rounding is ours).
    """
    if ratio == 0:
        return real
    rows = real.flatten(0, 1) if over == "lead" else real.flatten(1)  # (rows, M) or (B, L * M)
    keep = torch.ceil((1 - ratio) * rows.sum(dim=1) - 1e-6).long()
    return random_subset(rows, keep, generator).view_as(real)


def hide_most(
    real: Tensor,
    ratio: float = 0.75,
    along: Literal["lead", "time", "leads"] = "lead",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Of the segments of `real` (B, L, M) floor((1 - ratio) * n) stay, but at least one of n.

    `along` "lead": n segments of each lead, drawn independently (ST-MEM); "time": n moments, the
    same in all leads (MTAE); "leads": n whole leads (MLAE).
    """
    rows = {"lead": real.flatten(0, 1), "time": real.any(dim=1), "leads": real.any(dim=2)}[along]
    keep = torch.floor((1 - ratio) * rows.sum(dim=1) + 1e-6).long().clamp(min=1)
    kept = random_subset(rows, keep, generator)
    if along == "lead":
        return kept.view_as(real)
    return real & (kept[:, None, :] if along == "time" else kept[:, :, None])


def mask_spans(
    real: Tensor, share: float = 0.65, length: int = 10, generator: torch.Generator | None = None
) -> Tensor:
    """Which tokens of `real` (B, N) bool are hidden: spans of `length` that may overlap.

    There are share * n / length spans among n real tokens, rounded up or down by chance, at least
    one; so less than `share` is covered. A span is at most half of the real tokens.
    Source: wav2vec 2.0 (arXiv 2006.11477), section 4.2, and fairseq's count of spans.
    """
    b, n = real.shape
    count = real.sum(dim=1)
    size = (count // 2).clamp(min=1, max=length)  # (B,)
    chance = torch.rand((b, 1), generator=generator).to(real.device).squeeze(1)
    spans = torch.floor(share * count / size + chance).long().clamp(min=1)
    place = torch.cumsum(real, dim=1)  # 1 … n at real tokens
    start = random_subset(real & (place <= (count - size + 1)[:, None]), spans, generator)
    covered = torch.zeros_like(real)
    for step in range(min(length, n)):
        later = F.pad(start, (step, 0))[:, :n]
        covered |= later & (step < size)[:, None]
    return covered & real


def random_subset(allowed: Tensor, keep: Tensor, generator: torch.Generator | None) -> Tensor:
    """For each row of `allowed` (R, n) bool keep `keep` (R,) of its True entries, uniformly."""
    noise = torch.rand(allowed.shape, generator=generator).to(allowed.device)
    noise = noise.masked_fill(~allowed, math.inf)
    rank = noise.argsort(dim=1).argsort(dim=1)
    return allowed & (rank < keep[:, None])
