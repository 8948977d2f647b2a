"""Writing the report word by word."""

import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import sum_over_processes, world_size


def caption_cross_entropy(logits: Tensor, targets: Tensor, padding: int) -> Tensor:
    """Cross-entropy of the next word, mean over the words of all processes; a scalar.

    `logits` (B, S, V) or (n, V); `targets` (B, S) or (n,) word numbers, where the number `padding`
    takes no part. Reports count by their length, as in CoCa (arXiv:2205.01917) and MELP's L_token.
    With no word at all the loss is zero.
    """
    real = targets != padding
    loss = F.cross_entropy(logits[real].float(), targets[real], reduction="sum")
    return loss * world_size() / sum_over_processes(real.sum().float()).clamp(min=1)
