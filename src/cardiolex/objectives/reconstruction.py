"""How well hidden parts of a signal were restored.

Shapes: B batch, … any number of axes, P samples of a patch.
"""

import torch
from torch import Tensor

from cardiolex.objectives.gather import sum_over_processes, world_size


def mean_of_all(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the `chosen` (bool) entries of `values` over all processes; 0 if there is none.

    Scaled so that gradients averaged over processes are those of that mean.
    """
    count = sum_over_processes(chosen.sum().float()).clamp(min=1)
    return values.float().where(chosen, 0.0).sum() * world_size() / count


def masked_mse(predicted: Tensor, target: Tensor, masked: Tensor) -> Tensor:
    """Squared error (…, P), mean over samples, then over patches with `masked` (…) True.

    Source: masked autoencoders (arXiv 2111.06377), section 3.
    """
    return mean_of_all((predicted.float() - target.float()).square().mean(dim=-1), masked)


def standardised(patches: Tensor) -> Tensor:
    """Each patch (…, P) with mean 0 and variance 1 (as above, "reconstruction target")."""
    wide = patches.float()
    variance, mean = torch.var_mean(wide, dim=-1, keepdim=True)
    return (wide - mean) * torch.rsqrt(variance + 1e-6)
