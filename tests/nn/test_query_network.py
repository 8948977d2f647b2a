import pytest
import torch

from cardiolex.nn.query_network import QueryNetwork
from cardiolex.nn.transformer import attend


@pytest.fixture
def network() -> QueryNetwork:
    torch.manual_seed(0)
    made = QueryNetwork(QueryNetwork.Config(), token_dim=24, query_dim=20).eval()
    for parameter in made.parameters():  # biases and scales away from their neutral start
        parameter.data += 0.05 * torch.randn_like(parameter)
    return made


@torch.no_grad()
def test_a_score_does_not_depend_on_the_other_queries_nor_their_order(network):
    tokens, queries = torch.randn(3, 30, 24), torch.randn(9, 20)
    scores = network(tokens, queries)
    alone = torch.cat([network(tokens, query[None]) for query in queries], dim=1)
    order = torch.randperm(9)
    assert torch.allclose(scores, alone, atol=1e-5)
    assert torch.allclose(scores[:, order], network(tokens, queries[order]), atol=1e-5)
    assert scores.std(dim=1).min() > 1e-3  # the queries do matter


@torch.no_grad()
def test_with_self_attention_it_does_depend_on_them():
    torch.manual_seed(0)
    config = QueryNetwork.Config(self_attention=True)
    network = QueryNetwork(config, token_dim=24, query_dim=20).eval()
    tokens, queries = torch.randn(3, 30, 24), torch.randn(9, 20)
    assert not torch.allclose(network(tokens, queries)[:, :1], network(tokens, queries[:1]))


@torch.no_grad()
def test_the_order_of_tokens_does_not_matter_and_padding_is_not_seen(network):
    tokens, queries = torch.randn(2, 30, 24), torch.randn(4, 20)
    order = torch.randperm(30)
    assert torch.allclose(network(tokens, queries), network(tokens[:, order], queries), atol=1e-5)
    padded = torch.cat([tokens, 100 * torch.randn(2, 7, 24)], dim=1)
    valid = torch.arange(37).expand(2, -1) < 30
    expected = network(tokens, queries)
    assert torch.allclose(network(padded, queries, valid), expected, atol=1e-5)


@torch.no_grad()
def test_attention_sums_to_one_ignores_padding_and_leaves_scores_alone(network):
    tokens, queries = torch.randn(2, 30, 24), torch.randn(4, 20)
    valid = torch.ones(2, 30, dtype=torch.bool)
    valid[1, 12:] = False
    logits, weights = network(tokens, queries, valid, True)
    assert weights.shape == (2, 4, 4, 30)
    assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 4, 4), atol=1e-5)
    assert weights[1, ..., 12:].abs().max() == 0
    assert torch.allclose(logits, network(tokens, queries, valid), atol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_both_ways_of_attention_agree_in_value_and_gradient(masked, dtype):
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, n, 8).to(dtype).requires_grad_() for n in (5, 7, 7))
    mask = torch.rand(2, 1, 1, 7) < 0.6 if masked else None
    if mask is not None:
        mask[..., 0] = True
    fused = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    plain, weights = attend(q, k, v, mask, need_weights=True)
    chosen, none = attend(q, k, v, mask)
    assert weights is not None and none is None
    near = {"rtol": 0.05, "atol": 0.05} if dtype == torch.bfloat16 else {"atol": 1e-5}
    for result in (plain, chosen):
        assert torch.allclose(fused, result, **near)
        for a, b in zip(
            torch.autograd.grad(fused.float().sum(), (q, k, v), retain_graph=True),
            torch.autograd.grad(result.float().sum(), (q, k, v), retain_graph=True),
            strict=True,
        ):
            assert torch.allclose(a, b, **near)


@torch.no_grad()
def test_mlp_projections_and_head_are_what_supreme_writes():
    torch.manual_seed(0)
    config = QueryNetwork.Config(
        width=16, heads=2, hidden=32, layers=0, projection="mlp", projection_hidden=24, head="mlp"
    )
    network = QueryNetwork(config, token_dim=10, query_dim=12).eval()
    weights = {name: torch.randn_like(value) for name, value in network.state_dict().items()}
    network.load_state_dict(weights)

    def linear(name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def gelu(x: torch.Tensor) -> torch.Tensor:
        return x * (1 + torch.erf(x / 2**0.5)) / 2

    queries = torch.randn(5, 12)
    hidden = gelu(linear("project_queries.1", queries))
    asked = norm("norm", norm("norm_queries", linear("project_queries.3", hidden)))
    expected = linear("classifier.2", gelu(linear("classifier.0", asked))).squeeze(-1)
    assert torch.allclose(network(torch.randn(1, 4, 10), queries)[0], expected, atol=1e-4)

    tokens = torch.randn(2, 4, 10)
    shown = linear("project_tokens.2", linear("project_tokens.0", tokens).clamp(min=0))
    assert torch.allclose(network.project_tokens(tokens), shown, atol=1e-5)


@torch.no_grad()
def test_any_number_of_heads_has_a_width_of_its_own():
    torch.manual_seed(0)
    tokens, queries = torch.randn(2, 6, 10), torch.randn(4, 12)
    for heads in (1, 2, 3, 4, 5):
        config = QueryNetwork.Config(width=32, heads=heads, head_width=8, hidden=32, layers=1)
        network = QueryNetwork(config, token_dim=10, query_dim=12).eval()
        logits, weights = network(tokens, queries, None, True)
        assert logits.shape == (2, 4)
        assert network.layers[0].cross_attention.q.out_features == 8 * heads
        assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 1, 4), atol=1e-5)
    same = QueryNetwork(QueryNetwork.Config(width=32, heads=4), 10, 12).state_dict()
    given = QueryNetwork(QueryNetwork.Config(width=32, heads=4, head_width=8), 10, 12).state_dict()
    assert {k: v.shape for k, v in same.items()} == {k: v.shape for k, v in given.items()}
