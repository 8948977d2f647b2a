"""A text lies near the names of what it states, and far from all other names."""

import torch
import torch.nn.functional as F
from torch import Tensor


def name_cross_entropy(
    texts: Tensor, names: Tensor, targets: Tensor, temperature: float = 0.1
) -> Tensor:
    """Cross-entropy of the softmax over cosine similarities against soft targets; a scalar.

    `texts` (B, D); `names` (N, D), one vector per name; `targets` (B, N), rows adding up to 1: all
    mass on the stated name is InfoNCE with the names as the other side, mass on several names is
    its multi-positive form (Khosla 2020, arXiv:2004.11362), a little mass on superclasses keeps kin
    nearer than strangers: at the optimum two targets differ by T * log(p / q) in cosine.
    """
    cosine = F.normalize(texts.float(), dim=1) @ F.normalize(names.float(), dim=1).T
    return -(targets * F.log_softmax(cosine / temperature, dim=1)).sum(dim=1).mean()


def spread(names: Tensor, opposites: Tensor, margin: float = 0.5) -> Tensor:
    """How far opposites exceed a cosine of `margin`, squared, averaged over the pairs; a scalar.

    `names` (N, D); `opposites` (P, 2) places in `names`. Zero where there is no pair.
    """
    if len(opposites) == 0:
        return names.sum() * 0
    unit = F.normalize(names.float(), dim=1)
    cosine = (unit[opposites[:, 0]] * unit[opposites[:, 1]]).sum(dim=1)
    return torch.relu(cosine - margin).square().mean()
