"""In what arithmetic a system answers here: as trained, or in bfloat16 where that is faster.

bfloat16 is chosen where the processor multiplies it natively (AVX-512 BF16 or AMX), the system has
tokens by lead and time that queries ask, and a known input is answered alike in both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.errors import CardiolexError
from cardiolex.inference.token_network import Bfloat16TokenNetwork
from cardiolex.nn.query_network import QueryNetwork

Precision = Literal["auto", "float32", "bfloat16"]
ScoreQueries = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""`ecg` (B, 12, T), masks (B, 12) and (B, T), query vectors (Q, Dt) to logits (B, Q)."""

ALIKE = 0.01
"""Largest difference in probability, sigmoid(logit), on the known input."""


def bfloat16_scores(system: nn.Module) -> ScoreQueries | None:
    """`score_queries` of `system` in bfloat16; None if its kind has none."""
    encoder = getattr(system, "encoder", None)
    network = getattr(system, "query_network", None)
    by_lead = isinstance(encoder, LeadViT) and encoder.config.tokens == "lead"
    if not by_lead or not isinstance(network, QueryNetwork) or network.config.self_attention:
        return None
    assert isinstance(encoder, LeadViT)
    return Bfloat16TokenNetwork(encoder, network)


def is_native() -> bool:
    """Whether this processor multiplies bfloat16 itself; if not, float32 is faster."""
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    found = [getattr(torch.cpu, name, None) for name in asked]  # as torch knows them, 2.6 on
    return any(has() for has in found if has is not None)


def chosen_scores(
    system: nn.Module,
    precision: Precision,
    device: torch.device,
    known: Callable[[], tuple[Tensor, Tensor, Tensor, Tensor]],
) -> ScoreQueries | None:
    """How `system` answers in `precision`; None: by its own `score_queries`, in float32.

    `known` gives what "auto" tries both on. "bfloat16" is CardiolexError where it cannot be had.
    """
    if precision == "float32":
        return None
    if precision == "bfloat16":
        scores = bfloat16_scores(system) if device.type == "cpu" else None
        if scores is None:
            raise CardiolexError(
                f"precision 'bfloat16' on {device}: only models whose queries ask tokens of single "
                "leads have it, on a processor (cpu); take 'auto' or 'float32'"
            )
        return scores
    if device.type != "cpu" or not is_native():
        return None
    scores = bfloat16_scores(system)
    return scores if scores is not None and _alike(system, scores, known()) else None


@torch.inference_mode()
def _alike(system: nn.Module, scores: ScoreQueries, known: tuple[Tensor, ...]) -> bool:
    plain: Any = system
    difference = plain.score_queries(*known).float().sigmoid() - scores(*known).sigmoid()
    return bool(difference.abs().max() <= ALIKE)
