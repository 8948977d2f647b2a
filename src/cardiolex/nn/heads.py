"""Projectors and predictors of joint-embedding methods: multilayer perceptrons with BatchNorm."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from torch import nn

from cardiolex.nn.batch_norm import GlobalBatchNorm

Last = Literal["linear", "norm", "plain norm"]
"""What ends a head: a linear layer with bias, BatchNorm, or BatchNorm that learns nothing."""


def mlp(widths: Sequence[int], last: Last = "linear") -> nn.Sequential:
    """Linear layers (B, widths[0]) to (B, widths[-1]), BatchNorm and ReLU between them.

    Sizes in the papers: SimCLR d-d-128 (arXiv 2002.05709; BatchNorm as in its code), BYOL
    d-4096-256 and 256-4096-256 (2006.07733), Barlow Twins d-8192-8192-8192 (2103.03230), SimSiam
    d-2048-2048-2048 ending in BatchNorm and 2048-512-2048 (2011.10566), MoCo-v3 d-4096-256 and
    256-4096-256 ending in BatchNorm (2104.02057). No bias where BatchNorm follows.
    """
    layers: list[nn.Module] = []
    for dim, out in pairwise(widths[:-1]):
        layers += [nn.Linear(dim, out, bias=False), GlobalBatchNorm(out), nn.ReLU()]
    layers.append(nn.Linear(widths[-2], widths[-1], bias=last == "linear"))
    if last != "linear":
        layers.append(GlobalBatchNorm(widths[-1], affine=last == "norm"))
    return nn.Sequential(*layers)
