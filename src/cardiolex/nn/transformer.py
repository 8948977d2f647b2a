"""Pre-norm transformer blocks.

Shapes: B batch, N tokens, K keys, D width, H heads, d = D / H.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.drop_path import DropPath


def check_heads(width: int, heads: int) -> None:
    """CardiolexError unless each of `heads` gets an equal part of `width`."""
    if heads < 1 or width < 1 or width % heads:
        raise CardiolexError(
            f"width = {width} cannot be divided among heads = {heads}; "
            f"choose a width that is a multiple of heads"
        )


def inner_width(width: int, heads: int, head_width: int | None) -> int:
    """H * d: `width` is divided among the heads, unless each has a `head_width` of its own."""
    if head_width is not None:
        return heads * head_width
    check_heads(width, heads)
    return width


class Attention(nn.Module):
    """Multi-head self-attention with fused query, key and value projections."""

    def __init__(self, width: int, heads: int, head_width: int | None = None) -> None:
        super().__init__()
        inner = inner_width(width, heads, head_width)
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * inner)
        self.out = nn.Linear(inner, width)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """`x` (B, N, D); `valid` (B, N) bool, False where a token is padding."""
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        y, _ = attend(q, k, v, key_mask(valid))  # (B, H, N, d)
        result: Tensor = self.out(merge_heads(y))
        return result


class CrossAttention(nn.Module):
    """Attention of queries on another sequence; the weights are returned on request."""

    def __init__(self, width: int, heads: int, head_width: int | None = None) -> None:
        super().__init__()
        inner = inner_width(width, heads, head_width)
        self.heads = heads
        self.q = nn.Linear(width, inner)
        self.kv = nn.Linear(width, 2 * inner)
        self.out = nn.Linear(inner, width)

    def forward(
        self, x: Tensor, memory: Tensor, valid: Tensor | None = None, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from `x` (B or 1, Q, D) to `memory` (B, K, D); `valid` (B, K) marks real keys.

        Returns (B, Q, D) and, on request, weights (B, H, Q, K) that sum to 1 over K.
        """
        q = split_heads(self.q(x), self.heads).expand(memory.shape[0], -1, -1, -1)  # (B, H, Q, d)
        k, v = (split_heads(part, self.heads) for part in self.kv(memory).chunk(2, dim=-1))
        y, weights = attend(q, k, v, key_mask(valid), need_weights)  # (B, H, Q, d)
        return self.out(merge_heads(y)), weights


class MLP(nn.Sequential):
    """Linear, exact GELU, Linear, with dropout after each (none by default, as in MERL)."""

    def __init__(self, width: int, hidden: int, dropout: float = 0.0) -> None:
        layers: list[nn.Module] = [nn.Linear(width, hidden), nn.GELU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
        layers.append(nn.Linear(hidden, width))
        if dropout:
            layers.append(nn.Dropout(dropout))
        super().__init__(*layers)


class Block(nn.Module):
    """LayerNorm, self-attention, residual; LayerNorm, MLP, residual.

    `dropout` acts on what attention and MLP give (and inside the MLP), `drop_path` on whole
    branches; both are off by default, as in MERL.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, dropout: float = 0.0, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, hidden, dropout)
        self.dropout = nn.Dropout(dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """`x` (B, N, D) to (B, N, D); padding tokens are never attended to; `valid`: `key_mask`."""
        x = x + self.drop_path(self.dropout(self.attention(self.norm1(x), valid)))
        result: Tensor = x + self.drop_path(self.mlp(self.norm2(x)))
        return result


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    need_weights: bool = False,
    dropout: float = 0.0,
) -> tuple[Tensor, Tensor | None]:
    """Softmax attention of `q` (B, H, Q, d) on `k`, `v` (B, H, K, d); weights on request.

    `dropout` is the share of weights dropped; the caller gives 0 outside training.
    Training in bf16 on a CPU uses plain matrix products: the backward pass of the fused kernel
    makes no use of AMX there, and with it a whole training step takes 1.8 times as long.
    """
    training = q.device.type == "cpu" and torch.is_grad_enabled()
    plain = training and q.dtype == torch.bfloat16 and k.shape[2] <= 512
    if not (need_weights or plain):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout), None
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)  # (B, H, Q, K)
    if mask is not None:
        fits = mask.dtype == torch.bool
        scores = scores.masked_fill(~mask, -torch.inf) if fits else scores + mask
    weights = scores.softmax(dim=-1)
    y = F.dropout(weights, dropout).to(v.dtype) @ v
    return y, weights if need_weights else None


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, N, D) to (B, H, N, d)."""
    b, n, d = x.shape
    return x.view(b, n, heads, d // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(B, H, N, d) to (B, N, D)."""
    b, h, n, d = x.shape
    return x.transpose(1, 2).reshape(b, n, h * d)


def key_mask(valid: Tensor | None) -> Tensor | None:
    """`valid` (B, K) to a mask (B, 1, 1, K) that broadcasts over heads and queries.

    bool: True where a key is real. float: the logarithm of how much a key counts beside others.
    """
    return None if valid is None else valid[:, None, None, :]
