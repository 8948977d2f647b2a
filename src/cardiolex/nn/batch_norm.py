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


def several_processes() -> bool:
    """Whether more than one process trains."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def all_reduce_sum(x: Tensor) -> Tensor:
    """Sum `x` over processes, with gradient; `x` itself where there is one process."""
    if not several_processes():
        return x
    total: Tensor = _AllReduceSum.apply(x)  # type: ignore[no-untyped-call]
    return total


class GlobalBatchNorm(nn.BatchNorm1d):
    """BatchNorm1d on (B, D) or (B, D, T) whose statistics are those of the global batch.

    Statistics are float32 always; vectors (B, D) come out as float32, maps (B, D, T) as they came.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, D) or (B, D, T), each of the D features over everything else."""
        if x.ndim == 2:
            x = x.float()
        if not (self.training and several_processes()):
            return super().forward(x)
        over = (0,) if x.ndim == 2 else (0, 2)
        wide = x.float()
        n = all_reduce_sum(wide.new_tensor(float(wide.numel() // wide.shape[1])))
        mean = all_reduce_sum(wide.sum(dim=over)) / n
        centred = wide - _along(mean, x.ndim)
        var = all_reduce_sum(centred.square().sum(dim=over)) / n  # E[x^2] - mean^2 would cancel
        self._remember(mean.detach(), (var * n / (n - 1)).detach())
        scale = torch.rsqrt(var + self.eps)
        if not self.affine:
            return (centred * _along(scale, x.ndim)).to(x.dtype)
        scale = self.weight * scale
        return (centred * _along(scale, x.ndim) + _along(self.bias, x.ndim)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, unbiased_var: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        momentum = self.momentum if self.momentum is not None else 0.1
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(unbiased_var, momentum)


def _along(feature: Tensor, dimensions: int) -> Tensor:
    """(D,) shaped to stand for every entry of its feature."""
    return feature if dimensions == 2 else feature[:, None]
