"""Several processes that train one model, as `torchrun` starts them; one process by default."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor


@dataclass(frozen=True)
class Processes:
    """This process among all: `rank` of `size`, working on `device`."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over processes."""
        if self.size == 1:
            return
        given = (p.grad for p in parameters if p.grad is not None)
        grads = [grad for grad in given if not isinstance(grad, DTensor)]  # those are means already
        if not grads:
            return
        flat = torch.cat([grad.flatten() for grad in grads])
        dist.all_reduce(flat)
        flat /= self.size
        parts = torch.split(flat, [grad.numel() for grad in grads])
        for grad, part in zip(grads, parts, strict=True):
            grad.copy_(part.view_as(grad))

    def same_start(self, system: nn.Module) -> None:
        """Give all processes the weights and buffers of the first."""
        if self.size > 1:
            for tensor in system.state_dict().values():
                dist.broadcast(tensor, 0)

    def any(self, flag: bool) -> bool:
        """Whether any process says so."""
        if self.size == 1:
            return flag
        return bool(self._reduced(torch.tensor(float(flag)), dist.ReduceOp.MAX) > 0)

    def mean(self, values: Tensor) -> Tensor:
        """Mean over processes."""
        if self.size == 1:
            return values
        return self._reduced(values, dist.ReduceOp.SUM) / self.size

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            dist.barrier()

    def _reduced(self, values: Tensor, op: dist.ReduceOp.RedOpType) -> Tensor:
        moved = values.detach().to(self.device, copy=True)
        dist.all_reduce(moved, op)
        return moved


@contextmanager
def processes(device: str | None = None) -> Iterator[Processes]:
    """Join the group that torchrun announced in the environment, or stay alone."""
    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    chosen = torch.device(device or default_device())
    if size == 1:
        yield Processes(0, 1, chosen)
        return
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(chosen)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Processes(rank, size, chosen)
    finally:
        dist.destroy_process_group()


def default_device() -> str:
    """A GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"
