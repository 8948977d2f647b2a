"""Optimiser, learning rate, moving average of weights, number format."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cardiolex.capabilities import HoldsRates
from cardiolex.training.sharding import apart

Precision = Literal["auto", "fp32", "bf16"]
Decayed = Literal["all", "matrices"]


def learning_rate(
    step: int, steps: int, peak: float, warmup: int, final: float, restart: int | None = None
) -> float:
    """Rate of step 0 … steps - 1: linear warm-up to `peak`, then cosine to `final`.

    With `restart` the cosine takes so many steps and begins anew at `peak`, as often as it fits
    (SGDR, arXiv 1608.03983, with cycles of equal length); the last cycle may be cut short.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    if restart is None:
        progress = (step - warmup) / max(1, steps - warmup)
    else:
        progress = (step - warmup) % restart / restart
    return final + (peak - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def adamw(
    system: nn.Module,
    lr: float,
    weight_decay: float,
    betas: tuple[float, float],
    decayed: Decayed = "all",
) -> torch.optim.AdamW:
    """AdamW over all trainable parameters, in one fused pass.

    `decayed` = "matrices" leaves biases, norms and other vectors and scalars without weight decay.
    A system without trainable weights gets an optimiser that has nothing to do.
    """
    trainable = [p for p in system.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [{"params": trainable}]
    if decayed == "matrices":
        groups = [
            {"params": [p for p in trainable if p.ndim >= 2]},
            {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
        ]
    groups = [{**group, "params": kind} for group in groups for kind in apart(group["params"])]
    groups = _with_steady(groups, system) or [{"params": []}]
    return torch.optim.AdamW(groups, lr=lr, weight_decay=weight_decay, betas=betas, fused=True)


def _with_steady(groups: list[dict[str, Any]], system: nn.Module) -> list[dict[str, Any]]:
    """`groups`, those weights apart (`steady`) whose learning rate the system holds."""
    if not isinstance(system, HoldsRates):
        return groups
    held = {id(p) for p in system.steady_parameters()}
    halves = [
        {**g, "params": [p for p in g["params"] if (id(p) in held) == steady], "steady": steady}
        for g in groups
        for steady in (False, True)
    ]
    return [group for group in halves if group["params"]]


def uses_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether to compute in bfloat16; "auto" does so on GPUs that can and on CPUs with AMX.

    On CPUs without AMX bfloat16 products are no faster than float32 ones.
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    amx = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return device.type == "cpu" and amx is not None and bool(amx())


class MovingAverage:
    """Exponential moving average of the floating-point weights and buffers of a system.

    The decay of update n is min(decay, (1 + n) / (10 + n)), so that early weights are forgotten.
    """

    def __init__(self, system: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in system.state_dict().items()
        }

    @torch.no_grad()
    def update(self, system: nn.Module) -> None:
        """Move towards the current weights; counters are copied."""
        self.updates += 1
        step = 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in system.state_dict().items():
            if value.is_floating_point():
                self.weights[name].lerp_(value, step)
            else:
                self.weights[name].copy_(value)
