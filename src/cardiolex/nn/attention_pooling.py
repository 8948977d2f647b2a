"""From a sequence of tokens to one vector by the attention of a learned query.

Source: MERL (arXiv 2403.06659), after the attention pooling of CLIP (arXiv:2103.00020).
Shapes: B batch, N tokens, D width.
"""

import math

import torch
from torch import Tensor, nn

from cardiolex.nn.transformer import CrossAttention


class AttentionPooling(nn.Module):
    """A learned CLS token asks itself and N tokens, then a linear map: (B, N, D) to (B, D).

    Positions are added to all N + 1 keys; that of the CLS token is added to it twice, as in the
    released code, so that converted weights give the published outputs.
    """

    def __init__(self, tokens: int, width: int, heads: int = 4) -> None:
        super().__init__()
        self.cls = nn.Parameter(torch.randn(width))
        self.position = nn.Parameter(torch.randn(tokens + 1, width) / width)
        self.attention = CrossAttention(width, heads)
        self.out = nn.Linear(width, width)
        self._initialise(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """`tokens` (B, N, D) to (B, D)."""
        cls = (self.cls + self.position[0]).expand(len(tokens), 1, -1)
        keys = torch.cat([cls.to(tokens.dtype), tokens], dim=1) + self.position  # (B, N + 1, D)
        pooled, _ = self.attention(keys[:, :1], keys)  # (B, 1, D)
        result: Tensor = self.out(pooled[:, 0])
        return result

    def _initialise(self, width: int) -> None:
        """As torch's MultiheadAttention: Xavier over query, key and value together, no biases."""
        bound = math.sqrt(6 / (4 * width))
        for layer in (self.attention.q, self.attention.kv):
            nn.init.uniform_(layer.weight, -bound, bound)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.attention.out.bias)
