"""Post-norm transformer layers and the convolution that gives their tokens a place.

Source: wav2vec 2.0 (arXiv:2006.11477), as ECG-FM and MELP use it.
Shapes: B batch, N tokens, D width, H heads, d = D / H.
"""

import math

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from cardiolex.nn.transformer import attend, check_heads, key_mask, merge_heads, split_heads


class PositionalConv(nn.Module):
    """Grouped convolution over tokens: what it adds depends on a token's surroundings.

    There is no table of positions, so any number of tokens will do. Weight-normalised per tap.
    """

    def __init__(self, width: int, kernel: int, groups: int) -> None:
        super().__init__()
        conv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=groups)
        nn.init.normal_(conv.weight, std=math.sqrt(4 / (kernel * width)))
        assert conv.bias is not None
        nn.init.zeros_(conv.bias)
        self.conv = weight_norm(conv, dim=2)

    def forward(self, x: Tensor) -> Tensor:
        """`x` (B, N, D) to what is added to it, (B, N, D); padding tokens must be zero."""
        y = self.conv(x.transpose(1, 2))[:, :, : x.shape[1]]  # an even kernel gives N + 1
        return F.gelu(y).transpose(1, 2)


class PostNormBlock(nn.Module):
    """Self-attention, residual, LayerNorm; feed-forward, residual, LayerNorm."""

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        dropout: float = 0.1,
        attention_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads, self.attention_dropout = heads, attention_dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.norm2 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        for linear in (self.qkv, self.out, self.expand, self.contract):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """`x` (B, N, D) to (B, N, D); tokens with `valid` (B, N) False are never attended to."""
        x = self.norm1(x + self.dropout(self._attention(x, valid)))
        y = self.contract(F.gelu(self.expand(x)))
        result: Tensor = self.norm2(x + self.dropout(y))
        return result

    def _attention(self, x: Tensor, valid: Tensor | None) -> Tensor:
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        share = self.attention_dropout if self.training else 0.0
        y, _ = attend(q, k, v, key_mask(valid), dropout=share)  # (B, H, N, d)
        result: Tensor = self.out(merge_heads(y))
        return result
