"""Tokens by lead and time and the queries that ask them, multiplied in bfloat16.

What is rounded: weights and inputs of the encoder's matrix products (its attention included) and
of the keys and values that queries look at. What stays in float32: the sums inside a product, the
residual stream, every norm, everything that belongs to a query, and the logits. A recording goes
through alone, so that no neighbour decides how its products are cut up and rounded.
Shapes: B recordings, T samples, N tokens, D width, H heads, d = D / H, Q queries, Dt text vector.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.nn.transformer import Block, CrossAttention

DTYPE = torch.bfloat16


class Bfloat16TokenNetwork:
    """See the module's text; takes copies, the given networks stay as they are."""

    def __init__(self, encoder: LeadViT, network: QueryNetwork) -> None:
        self._encoder = encoder
        self._blocks = [_Block(block) for block in encoder.blocks if isinstance(block, Block)]
        self._network = _rounded_memory(network)

    @torch.inference_mode()
    def __call__(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, query_vectors: Tensor
    ) -> Tensor:
        """Logits (B, Q): `ecg` (B, 12, T), masks (B, 12) and (B, T), `query_vectors` (Q, Dt)."""
        visible = self._encoder.real(lead_mask, sample_mask)
        each = zip(ecg[:, None], visible[:, None], strict=True)
        return torch.cat([self._network(self._tokens(*one), query_vectors) for one in each])

    def _tokens(self, ecg: Tensor, visible: Tensor) -> Tensor:
        """Encoded tokens (1, N, D) of one recording."""
        embedded, _ = self._encoder.embedded(ecg, visible)
        x = embedded[0]
        for block in self._blocks:
            x = block(x)
        normed: Tensor = self._encoder.norm(x[None])
        return normed


class _Block:
    """A pre-norm block on the tokens of one recording.

    Attention is three plain steps: the fused kernel is no faster in bfloat16 than in float32
    where a processor has no matrix unit, and oneDNN's batched product is twice as fast.
    """

    def __init__(self, block: Block) -> None:
        self._norms = block.norm1, block.norm2
        self._heads = block.attention.heads
        self._qkv = _rounded(_scaled_queries(block.attention.qkv, self._heads))
        self._out = _rounded(block.attention.out)
        self._mlp = _rounded(block.mlp)

    def __call__(self, x: Tensor) -> Tensor:
        """`x` (N, D) to (N, D), float32."""
        before_attention, before_mlp = self._norms
        x = x + self._out(self._attended(before_attention(x).to(DTYPE)))
        return x.add_(self._mlp(before_mlp(x).to(DTYPE)))

    def _attended(self, x: Tensor) -> Tensor:
        n = len(x)
        q, k, v = self._qkv(x).view(n, 3, self._heads, -1).permute(1, 2, 0, 3)  # (H, N, d) each
        weights = torch.softmax(torch.bmm(q, k.transpose(1, 2)), dim=-1)  # (H, N, N)
        return torch.bmm(weights, v).transpose(0, 1).reshape(n, -1)


class _Rounded(nn.Module):
    """A layer in bfloat16 between float32 neighbours."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = _rounded(layer)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(x.to(DTYPE))
        return y.float()


def _rounded(layer: nn.Module) -> nn.Module:
    return deepcopy(layer).to(DTYPE).eval().requires_grad_(False)


def _rounded_memory(network: QueryNetwork) -> QueryNetwork:
    """A copy that makes its keys and values in bfloat16; all that depends on queries is float32."""
    network = deepcopy(network).eval().requires_grad_(False)
    network.project_tokens = _Rounded(network.project_tokens)
    for part in network.modules():
        if isinstance(part, CrossAttention):
            part.kv = _Rounded(part.kv)  # type: ignore[assignment]
    return network


def _scaled_queries(qkv: nn.Linear, heads: int) -> nn.Linear:
    """A copy whose queries are already divided by the root of d."""
    qkv = deepcopy(qkv)
    inner = qkv.out_features // 3
    with torch.no_grad():
        for part in (qkv.weight, qkv.bias):
            part[:inner] *= (inner // heads) ** -0.5
    return qkv
