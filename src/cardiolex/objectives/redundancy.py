"""Features that agree between views and do not repeat one another."""

import torch
from torch import Tensor

from cardiolex.objectives.gather import gather_rows


def barlow_twins(a: Tensor, b: Tensor, off_diagonal_weight: float = 5e-3) -> Tensor:
    """Barlow Twins' loss of two views `a` (B, D) and `b` (B, D) of the same recordings.

    Correlation matrix (D, D) of the features over the global batch; its diagonal is drawn to 1,
    all else, with the weight, to 0. Source: arXiv 2103.03230, Eq. (1) and (2). Features that do
    not vary at all correlate with nothing. Needs two recordings in the global batch.
    """
    with torch.autocast(a.device.type, enabled=False):
        x, y = (_standardised(gather_rows(z.float())) for z in (a, b))
        correlation = x.T @ y / len(x)
        own = correlation.diagonal()
        off = correlation.square().sum() - own.square().sum()
        return (1 - own).square().sum() + off_diagonal_weight * off


def _standardised(z: Tensor) -> Tensor:
    """Zero mean and unit variance of each feature, as BatchNorm without parameters."""
    centred = z - z.mean(dim=0)
    return centred * torch.rsqrt(centred.square().mean(dim=0) + 1e-5)
