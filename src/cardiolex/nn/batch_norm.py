"""Batch normalisation over the batches of all processes (gloo too, unlike SyncBatchNorm)."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _AllReduceSum(torch.autograd.Function):
    """Sum over processes; the gradient is that of the losses of all processes together."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.contiguous().clone()
        dist.all_reduce(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        grad = grads[0].contiguous().clone()
        dist.all_reduce(grad)
        return grad


def all_reduce_sum(x: Tensor) -> Tensor:
    """Sum `x` over processes, with gradient; `x` itself where there is one process."""
    if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
        return x
    total: Tensor = _AllReduceSum.apply(x)  # type: ignore[no-untyped-call]
    return total


class GlobalBatchNorm(nn.BatchNorm1d):
    """BatchNorm1d on (B, D) whose statistics are those of the global batch, always in float32."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, D) to (B, D)."""
        x = x.float()
        single = not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)
        if single or not self.training:
            return super().forward(x)
        n = all_reduce_sum(x.new_tensor(float(len(x))))
        mean = all_reduce_sum(x.sum(dim=0)) / n
        var = all_reduce_sum((x - mean).square().sum(dim=0)) / n  # E[x^2] - mean^2 would cancel
        self._remember(mean.detach(), (var * n / (n - 1)).detach())
        y = (x - mean) * torch.rsqrt(var + self.eps)
        return y * self.weight + self.bias

    @torch.no_grad()
    def _remember(self, mean: Tensor, unbiased_var: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        momentum = self.momentum if self.momentum is not None else 0.1
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(unbiased_var, momentum)
