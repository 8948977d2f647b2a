"""Contrast of matching pairs against all others of the global batch."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import gather_rows


def info_nce(
    a: Tensor,
    b: Tensor,
    temperature: float | Tensor = 0.07,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor:
    """InfoNCE of rows `a` (B, D) and `b` (B, D), where row i of one belongs to row i of the other.

    Rows are normalised here and gathered over processes. Both directions are averaged ("mean") or
    added ("sum", as MERL's code does). Always float32: under autocast the cosines would be rounded
    to 1/256, which a temperature of 0.01 makes a third of a logit.
    Source: van den Oord 2018; CLIP (arXiv:2103.00020).
    """
    with torch.autocast(a.device.type, enabled=False):
        x = gather_rows(F.normalize(a.float(), dim=1))
        y = gather_rows(F.normalize(b.float(), dim=1))
        logits = x @ y.T / temperature  # (R * B, R * B)
    target = torch.arange(len(x), device=x.device)
    both = F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)
    return both / 2 if reduction == "mean" else both
