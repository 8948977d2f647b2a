"""Agreement of a prediction with its target, without negatives."""

import torch
import torch.nn.functional as F
from torch import Tensor


def negative_cosine(predictions: Tensor, targets: Tensor) -> Tensor:
    """Minus the cosine of `predictions` (B, D) and `targets` (B, D), mean over rows: -1 to 1.

    No gradient reaches the targets (SimSiam, arXiv 2011.10566, Eq. 1 and 3). BYOL's squared
    distance of normalised vectors (2006.07733, Eq. 2) is 2 + 2 times this.
    """
    with torch.autocast(predictions.device.type, enabled=False):
        p = F.normalize(predictions.float(), dim=1)
        z = F.normalize(targets.detach().float(), dim=1)
        return -(p * z).sum(dim=1).mean()
