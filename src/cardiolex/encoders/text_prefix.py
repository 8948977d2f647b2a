"""Texts that are being written: what the tower keeps of the tokens so far.

N texts of equal length, P tokens seen before, Dt width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prefix:
    """Keys and values of each layer, (N, H, P, d) each; none before the first token."""

    layers: tuple[tuple[Tensor, Tensor], ...] = ()

    @property
    def length(self) -> int:
        """Tokens seen, P."""
        return self.layers[0][0].shape[2] if self.layers else 0

    def select(self, rows: Tensor) -> Prefix:
        """The texts at `rows` (M,), which may repeat, as beams need."""
        return Prefix(tuple((keys[rows], values[rows]) for keys, values in self.layers))

    reorder = select


def extend(model: Any, ids: Tensor, prefix: Prefix) -> tuple[Tensor, Prefix]:
    """States (N, 1, Dt) that a causal `model` of Hugging Face gives to `ids` (N,) after `prefix`.

    `prefix` stays as it was; the returned one has one token more.
    """
    from transformers import DynamicCache

    cache: Any = DynamicCache(prefix.layers) if prefix.layers else DynamicCache()
    output = model(
        input_ids=ids[:, None],
        attention_mask=ids.new_ones(len(ids), 1, 1, prefix.length + 1, dtype=torch.bool),
        position_ids=torch.full_like(ids[:, None], prefix.length),
        past_key_values=cache,
    )
    return output.last_hidden_state, Prefix(tuple((x.keys, x.values) for x in cache.layers))
