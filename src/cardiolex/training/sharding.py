"""The text model spread over processes (FSDP2, torch.distributed.fsdp.fully_shard).

Each process keeps its share of weights, gradients and optimiser state; a layer is put together when
it is used and given up after it. Gradients are averages over processes, as everywhere here. What is
saved are whole tensors, so a run may go on with another number of processes, or without shards.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from cardiolex.capabilities import TrainsText
from cardiolex.encoders.text import transformer_layers
from cardiolex.errors import CardiolexError
from cardiolex.training.distributed import Processes


class ShardedText:
    """A system whose text model is spread; `restore` makes it whole again."""

    def __init__(self, system: nn.Module, processes: Processes) -> None:
        """CardiolexError if `system` does not train its text along."""
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        if not isinstance(system, TrainsText):
            raise CardiolexError("shard_text: this system does not train a text model along")
        self.system: Any = system
        self.whole = copy.deepcopy(system.text_model).cpu()
        mesh = init_device_mesh(processes.device.type, (processes.size,))
        for layer in transformer_layers(system.text_model):
            fully_shard(layer, mesh=mesh)
        fully_shard(system.text_model, mesh=mesh)

    def restore(self) -> None:
        """Put the whole model back, with the weights that it had when it was spread."""
        self.system.text_model = self.whole
        self.system.text.model = self.whole


def shard_text(system: nn.Module, processes: Processes, wanted: bool) -> ShardedText | None:
    """Spread the text model where that is wanted and there are several processes."""
    return ShardedText(system, processes) if wanted and processes.size > 1 else None


def whole(tensor: Tensor) -> Tensor:
    """The whole of a spread tensor; every process must ask. Others as they are."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def wholes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`whole` of each."""
    return {name: whole(value) for name, value in tensors.items()}


def spread_as(tensor: Tensor, own: Tensor) -> Tensor:
    """`tensor` spread as `own` of the same shape is, if it is; every process must ask."""
    if not isinstance(own, DTensor) or tensor.shape != own.shape:
        return tensor
    return distribute_tensor(tensor.to(own.device), own.device_mesh, own.placements)


def apart(parameters: Iterable[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Ordinary and spread parameters, which no fused operation takes together; none empty."""
    kinds: tuple[list[nn.Parameter], list[nn.Parameter]] = ([], [])
    for parameter in parameters:
        kinds[isinstance(parameter, DTensor)].append(parameter)
    return [kind for kind in kinds if kind]


def clip_gradients(parameters: Iterable[nn.Parameter], limit: float) -> float:
    """Scale gradients so that their common norm is at most `limit`; the norm before."""
    given = [p for p in parameters if p.grad is not None]
    if not any(isinstance(p, DTensor) for p in given):
        return float(torch.nn.utils.clip_grad_norm_(given, limit))
    kinds = [[p.grad for p in kind if p.grad is not None] for kind in apart(given)]
    norm = math.hypot(*(float(whole(torch.nn.utils.get_total_norm(kind))) for kind in kinds))
    if norm > limit:
        for grad in (grad for kind in kinds for grad in kind):
            grad.mul_(limit / (norm + 1e-6))
    return norm
