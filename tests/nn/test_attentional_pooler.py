import pytest
import torch

from cardiolex.nn.attentional_pooler import AttentionalPooler


def pooler(queries: int = 5) -> AttentionalPooler:
    torch.manual_seed(0)
    module = AttentionalPooler(queries, width=16, token_dim=24, heads=4).eval()
    for parameter in module.parameters():
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter)
    return module


def test_it_is_torchs_multihead_attention_between_layer_norms():
    ours, tokens = pooler(), torch.randn(3, 9, 24)
    theirs = torch.nn.MultiheadAttention(16, 4, kdim=24, vdim=24, batch_first=True)
    theirs.load_state_dict({
        "q_proj_weight": ours.q.weight, "k_proj_weight": ours.k.weight,
        "v_proj_weight": ours.v.weight,
        "in_proj_bias": torch.cat([ours.q.bias, ours.k.bias, ours.v.bias]),
        "out_proj.weight": ours.out.weight, "out_proj.bias": ours.out.bias,
    })  # fmt: skip
    valid = torch.arange(9) < torch.tensor([[9], [4], [1]])
    keys = ours.norm_tokens(tokens)
    query = ours.norm_query(ours.query).expand(3, -1, -1)
    expected = ours.norm(theirs(query, keys, keys, key_padding_mask=~valid)[0])
    pooled = ours(tokens, valid)
    assert pooled.valid is None
    assert torch.allclose(pooled.values, expected, atol=1e-5)
    assert torch.allclose(pooled.mean(), expected.mean(dim=1), atol=1e-5)


def test_published_sizes():
    count = [sum(p.numel() for p in AttentionalPooler(k, d, 768).parameters())
             for k, d in ((10, 256), (128, 768))]  # fmt: skip
    assert count == [529_920 + 512, 2_463_744 + 1_536]


def test_each_recording_uses_its_first_queries():
    module, tokens = pooler(), torch.randn(4, 9, 24)
    every = module(tokens).values
    some = module(tokens, counts=torch.tensor([1, 3, 2, 3]))
    assert some.valid.sum(dim=1).tolist() == [1, 3, 2, 3]
    assert some.values.shape == (4, 3, 16)
    for b, n in enumerate((1, 3, 2, 3)):
        assert torch.allclose(some.values[b, :n], every[b, :n], atol=1e-6)
        assert not some.values[b, n:].any()
        assert torch.allclose(some.mean()[b], every[b, :n].mean(dim=0), atol=1e-6)


@pytest.mark.parametrize("asked, used", [(0, 1), (5, 5), (40, 5)])
def test_counts_stay_between_one_and_all(asked, used):
    pooled = pooler()(torch.randn(1, 9, 24), counts=torch.tensor([asked]))
    assert pooled.values.shape[1] == used
    assert pooled.valid.all()


def test_queries_without_a_beat_get_no_gradient():
    module = pooler()
    module(torch.randn(2, 9, 24), counts=torch.tensor([2, 3])).values.square().sum().backward()
    used = module.query.grad.abs().sum(dim=1) > 0
    assert used.tolist() == [True, True, True, False, False]
