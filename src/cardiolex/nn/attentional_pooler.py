"""Learned queries gather a sequence of tokens into a few vectors (CoCa's attentional pooling).

Source: CoCa (arXiv:2205.01917), section 3.2, as open_clip and MELP (arXiv:2506.21803) build it.
Shapes: B batch, N tokens of width Dt, K queries, D width of a query.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.transformer import attend, check_heads, key_mask, merge_heads, split_heads


@dataclass(frozen=True)
class Pooled:
    """Vectors (B, K, D); `valid` (B, K) bool says which a recording has, None if all."""

    values: Tensor
    valid: Tensor | None

    def mean(self) -> Tensor:
        """Average over the vectors that a recording has, (B, D)."""
        return masked_mean(self.values, self.valid)


class AttentionalPooler(nn.Module):
    """LayerNorm on queries and on tokens, one multi-head cross-attention, LayerNorm.

    Queries do not see one another, so asking fewer of them changes nothing for the rest.
    """

    def __init__(self, queries: int, width: int, token_dim: int, heads: int = 8) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads = heads
        self.query = nn.Parameter(torch.randn(queries, width))
        self.norm_query = nn.LayerNorm(width)
        self.norm_tokens = nn.LayerNorm(token_dim)
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(token_dim, width)
        self.v = nn.Linear(token_dim, width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        for linear in (self.q, self.k, self.v):
            nn.init.xavier_uniform_(linear.weight)
        for linear in (self.q, self.k, self.v, self.out):
            nn.init.zeros_(linear.bias)

    def forward(
        self, tokens: Tensor, valid: Tensor | None = None, counts: Tensor | None = None
    ) -> Pooled:
        """Pool `tokens` (B, N, Dt); `valid` (B, N) bool marks those that exist.

        `counts` (B,) integers: a recording uses its first `counts[b]` queries (at least 1, at most
        all), the rest is masked; K is then the largest count. None: every recording uses all.
        """
        query: Tensor = self.query
        asked = None
        if counts is not None:
            counts = counts.clamp(1, len(self.query))
            query = query[: int(counts.max())]
            asked = torch.arange(len(query), device=counts.device) < counts[:, None]  # (B, K)
        x = self._gather(query, self.norm_tokens(tokens), valid)
        values = self.norm(self.out(x))  # (B, K, D)
        if asked is not None:
            values = values.masked_fill(~asked.unsqueeze(-1), 0.0)
        return Pooled(values, asked)

    def _gather(self, query: Tensor, tokens: Tensor, valid: Tensor | None) -> Tensor:
        q = split_heads(self.q(self.norm_query(query))[None], self.heads)  # (1, H, K, d)
        k, v = (split_heads(f(tokens), self.heads) for f in (self.k, self.v))  # (B, H, N, d)
        y, _ = attend(q.expand(len(tokens), -1, -1, -1), k, v, key_mask(valid))
        return merge_heads(y)  # (B, K, D)
