"""What a token should know of the heartbeat in its segment."""

import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import sum_over_processes, world_size


def beat_loss(outputs: Tensor, targets: Tensor, binary: int) -> Tensor:
    """Cross-entropy of the first `binary` columns plus smooth absolute error of the others.

    `outputs` and `targets` (B, N, K); NaN in `targets` takes no part. Each column is averaged over
    its known entries in all processes, so that rare beats count as much as none; a scalar.
    """
    known = ~targets.isnan()
    target, output = targets.nan_to_num(0.0), outputs.float()
    error = F.smooth_l1_loss(output, target, reduction="none", beta=0.1)
    entropy = F.binary_cross_entropy_with_logits(
        output[..., :binary], target[..., :binary].clamp(0, 1), reduction="none"
    )
    error[..., :binary] = entropy
    count = sum_over_processes(known.sum(dim=(0, 1)).float()).clamp(min=1)  # (K,)
    mean: Tensor = ((error * known).sum(dim=(0, 1)) / count).mean() * world_size()
    return mean
