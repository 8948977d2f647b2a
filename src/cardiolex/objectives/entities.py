"""Presence or absence of named findings."""

import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import sum_over_processes, world_size


def entity_bce(logits: Tensor, labels: Tensor, positive_weight: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of `logits` (B, Q), mean over the known `labels` of all processes.

    Labels (B, Q) are 1, 0 or NaN; NaN (unknown) takes no part. `positive_weight` (Q,) multiplies
    the loss of positives; none by default, as in K-MERL, Eq. (5).
    """
    known = ~labels.isnan()
    target = labels.nan_to_num(0.0)
    loss = F.binary_cross_entropy_with_logits(
        logits.float(), target, reduction="none", pos_weight=positive_weight
    )
    count = sum_over_processes(known.sum().float()).clamp(min=1)
    return (loss * known).sum() * world_size() / count
