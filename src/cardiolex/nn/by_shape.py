"""Recordings that see equally much go through a network together, so that none is padded.

Shapes: W windows, L leads, T samples.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import Tensor

from cardiolex.nn.one_core import each_on_one_core

Output = TypeVar("Output")


def by_shape(
    function: Callable[[Tensor, Tensor, Tensor], Iterable[Output]],
    ecg: Tensor,
    lead_mask: Tensor,
    sample_mask: Tensor,
    leads_at_once: int,
    device: torch.device,
    beside: bool = False,
) -> list[Output]:
    """`function(ecg, lead_mask, sample_mask)` of every window, in order; see the module's text.

    `ecg` (W, L, T), `lead_mask` (W, L), `sample_mask` (W, T). Windows of one call have equally many
    leads and samples, and together at most `leads_at_once` leads, which bounds memory. Calls go
    `beside` one another, each on one core, where their order does not matter.
    """
    shape = torch.stack([lead_mask.sum(dim=1), sample_mask.sum(dim=1)], dim=1)
    parts: list[Tensor] = []
    for leads, samples in sorted({(int(a), int(b)) for a, b in shape}):
        group = ((shape[:, 0] == leads) & (shape[:, 1] == samples)).nonzero().flatten()
        parts += torch.split(group, max(1, leads_at_once // leads))

    def run(part: Tensor) -> list[Output]:
        return list(function(*(given[part].to(device) for given in (ecg, lead_mask, sample_mask))))

    outputs = each_on_one_core(run, parts) if beside else [run(part) for part in parts]
    results: dict[int, Output] = {}
    for part, output in zip(parts, outputs, strict=True):
        results.update(zip(part.tolist(), output, strict=True))
    return [results[i] for i in range(len(ecg))]
