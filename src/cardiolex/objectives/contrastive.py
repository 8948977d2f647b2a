"""Contrast of matching pairs against all others of the global batch."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import gather_rows, rank


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


def nt_xent(a: Tensor, b: Tensor, temperature: float = 0.1) -> Tensor:
    """SimCLR's loss of two views `a` (B, D) and `b` (B, D) of the same recordings.

    For each of the 2 R B rows of all processes the other view is to be found among the 2 R B - 1
    rows that are not itself: views of one batch too are negatives of each other. Mean over rows.
    Source: arXiv 2002.05709, Eq. (1).
    """
    with torch.autocast(a.device.type, enabled=False):
        x, y = (gather_rows(F.normalize(z.float(), dim=1)) for z in (a, b))
        z = torch.cat([x, y])  # (2 R B, D)
        logits = z @ z.T / temperature
    logits = logits.masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -torch.inf)
    other = torch.arange(len(z), device=z.device).roll(len(x))
    return F.cross_entropy(logits, other)


def key_contrast(queries: Tensor, keys: Tensor, temperature: float = 0.2) -> Tensor:
    """MoCo-v3's loss of one direction: each query (B, D) finds its key among those of all.

    Keys (B, D) come from the slow copy: they are gathered without gradient. 2 x temperature x
    cross-entropy, mean over the queries of this process. Source: arXiv 2104.02057, Eq. (1) and
    algorithm 1; the sum of both directions is the method's loss.
    """
    with torch.autocast(queries.device.type, enabled=False):
        q = F.normalize(queries.float(), dim=1)
        k = gather_rows(F.normalize(keys.detach().float(), dim=1))
        logits = q @ k.T / temperature  # (B, R B)
    own = rank() * len(q) + torch.arange(len(q), device=q.device)
    return 2 * temperature * F.cross_entropy(logits, own)
