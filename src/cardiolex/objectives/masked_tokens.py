"""Masked language modelling (BERT, arXiv:1810.04805): hide pieces of a text and ask for them.

Shapes: N texts, W tokens, V word pieces.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

NOT_ASKED = -100
"""Label where nothing is asked."""


def hide_tokens(
    ids: Tensor,
    special: Tensor,
    mask: int,
    vocabulary: int,
    share: float = 0.15,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """`ids` (N, W) with pieces hidden, and what they were: labels (N, W), -100 where not asked.

    Of the pieces that are not `special` (ids, padding among them) `share` are asked, at least the
    first of a text; 80 % of them become `mask`, 10 % any of `vocabulary`, 10 % stay.
    """
    draws = [torch.rand(ids.shape, generator=generator).to(ids.device) for _ in range(2)]
    noise = torch.randint(vocabulary, ids.shape, generator=generator).to(ids.device)
    chosen = (draws[0] < share) & ~torch.isin(ids, special)
    chosen[torch.arange(len(ids)), 1] |= ~chosen.any(dim=1)
    hidden = torch.where(chosen & (draws[1] < 0.8), mask, ids)
    hidden = torch.where(chosen & (draws[1] > 0.9), noise, hidden)
    return hidden, torch.where(chosen, ids, NOT_ASKED)


def masked_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over asked pieces; `logits` (N, W, V), `labels` (N, W). Zero if nothing is asked."""
    asked = labels != NOT_ASKED
    loss = F.cross_entropy(logits[asked].float(), labels[asked], reduction="sum")
    return loss / asked.sum().clamp(min=1)
