"""A slow copy of a module, which follows it by an exponential moving average."""

import math
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn


def momentum(start: float, done: float) -> float:
    """Momentum when the share `done` of the training is over: cosine from `start` to 1 (BYOL)."""
    return 1 - (1 - start) * (math.cos(math.pi * done) + 1) / 2


class SlowCopy(nn.Module):
    """Starts equal to `fast`; never gets a gradient.

    Every parameter and every floating-point buffer follows, whatever its name; counters are
    copied. While training the copy normalises by the batch as `fast` does, and its running
    statistics take in its own batches besides.
    """

    def __init__(self, fast: nn.Module) -> None:
        super().__init__()
        self.module = deepcopy(fast).requires_grad_(False)

    @torch.no_grad()
    def forward(self, *inputs: Any) -> Tensor:
        """What the copy makes of the inputs of `fast`."""
        output: Tensor = self.module(*inputs)
        return output

    @torch.no_grad()
    def follow(self, fast: nn.Module, momentum: float) -> None:
        """Keep the share `momentum` of itself and take the rest of `fast`."""
        own = self.module.state_dict()
        for name, value in fast.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, 1 - momentum)
            else:
                own[name].copy_(value)
