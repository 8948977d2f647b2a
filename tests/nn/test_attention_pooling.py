"""Attention pooling against torch's own attention and its published quirks."""

import torch
from torch import nn

from cardiolex.nn.attention_pooling import AttentionPooling


def as_torch(ours: AttentionPooling, width: int, heads: int) -> nn.MultiheadAttention:
    theirs = nn.MultiheadAttention(width, heads, batch_first=True)
    attention = ours.attention
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([attention.q.weight, attention.kv.weight]),
            "in_proj_bias": torch.cat([attention.q.bias, attention.kv.bias]),
            "out_proj.weight": attention.out.weight,
            "out_proj.bias": attention.out.bias,
        }
    )
    return theirs


@torch.no_grad()
def test_it_is_torch_attention_of_the_class_token_on_itself_and_all_tokens():
    torch.manual_seed(0)
    pool = AttentionPooling(7, 16, heads=4).eval()
    for parameter in pool.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
    tokens = torch.randn(3, 7, 16)
    first = pool.cls + 2 * pool.position[0]  # twice, as released
    keys = torch.cat([first.expand(3, 1, 16), tokens + pool.position[1:]], dim=1)
    wanted, _ = as_torch(pool, 16, 4)(keys[:, :1], keys, keys)
    assert torch.allclose(pool(tokens), pool.out(wanted[:, 0]), atol=1e-5)


def test_it_begins_as_torch_begins():
    torch.manual_seed(0)
    pool = AttentionPooling(313, 256)
    theirs = nn.MultiheadAttention(256, 4)
    ours = torch.cat([pool.attention.q.weight, pool.attention.kv.weight])
    assert abs(ours.std() / theirs.in_proj_weight.std() - 1) < 0.02
    assert abs(ours.abs().max() / theirs.in_proj_weight.abs().max() - 1) < 0.01
    assert not any(b.any() for b in (pool.attention.q.bias, pool.attention.kv.bias))
    assert abs(pool.position.std() * 256 - 1) < 0.02
    assert abs(pool.cls.std() - 1) < 0.2
