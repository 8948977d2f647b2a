"""What is SuPreME's own; the contract is in test_contract.py."""

import pytest
import torch
import torch.nn.functional as F

from cardiolex.capabilities import ExplainsQueries, ScoresQueries
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.errors import CardiolexError
from cardiolex.systems.supreme import Encoder, Fusion, SuPreME

Q, DT, T = 6, 16, 100
TINY = SuPreME.Config(
    encoder=Encoder(segment_samples=10, max_segments=10, width=32, depth=2, heads=2),
    resnet=ResNet1D.Config(samples=T, width=8),
    query_network=Fusion(width=32, layers=2, heads=2, hidden=64, projection_hidden=48),
    text_dim=DT,
)
VARIANTS = [
    {"backbone": backbone, "head": head}
    for backbone in ("lead_vit", "resnet")
    for head in ("cfn", "linear")
]


def made(**changes) -> SuPreME:
    torch.manual_seed(0)
    return SuPreME.assemble(TINY.model_copy(update=changes), None, torch.randn(Q, DT))


def moved(system: SuPreME) -> SuPreME:
    """As if trained: far enough from the start that answers depend visibly on everything."""
    torch.manual_seed(9)
    for parameter in system.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return system.eval()


def batch(b: int = 12) -> Batch:
    torch.manual_seed(1)
    labels = (torch.rand(b, Q) < 0.3).float()
    labels[0, 0] = torch.nan
    lead_mask = torch.ones(b, 12, dtype=torch.bool)
    lead_mask[1, 3:] = False
    sample_mask = torch.ones(b, T, dtype=torch.bool)
    sample_mask[2, 60:] = False
    names = [str(i) for i in range(b)]
    return Batch(torch.randn(b, 12, T), lead_mask, sample_mask, names, None, labels, names)


def signals(data: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return data.ecg, data.lead_mask, data.sample_mask


def test_published_sizes():
    config = SuPreME.Config()
    with torch.device("meta"):
        system = SuPreME(config, torch.zeros(295, 768))
    assert sum(p.numel() for p in system.encoder.parameters()) == 5_372_736
    rates = [block.drop_path.rate for block in system.encoder.blocks]
    assert rates == pytest.approx([0.1 * i / 11 for i in range(12)])
    assert {block.dropout.p for block in system.encoder.blocks} == {0.1}
    assert config.encoder.segment_samples * config.encoder.max_segments == 5000
    assert config.reads == "labels"


def test_weights_of_the_fusion_network_start_small():
    torch.manual_seed(0)
    network = SuPreME(SuPreME.Config(), torch.zeros(2, 768)).query_network
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    assert all(abs(float(m.weight.detach().std()) - 0.02) < 0.003 for m in linear)
    assert all(float(m.bias.detach().abs().max()) == 0 for m in linear)


def test_the_loss_is_the_mean_over_known_labels():
    system, data = made().eval(), batch()
    logits = system.score_queries(*signals(data), system.entity_vectors)
    known = ~data.labels.isnan()
    expected = F.binary_cross_entropy(logits.sigmoid()[known], data.labels[known])
    losses = system.losses(data)
    assert set(losses) == {"loss", "entities"} and torch.equal(losses["loss"], losses["entities"])
    assert torch.allclose(losses["loss"], expected, atol=1e-6)


@pytest.mark.parametrize("changes", VARIANTS)
def test_every_variant_learns_and_every_weight_gets_a_gradient(changes):
    system, data = made(**changes), batch()
    optimiser = torch.optim.AdamW(system.parameters(), lr=3e-3)
    history = []
    for step in range(40):
        torch.manual_seed(step)
        loss = system.losses(data)["loss"]
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            silent = [n for n, p in system.named_parameters() if not p.grad.abs().sum() > 0]
            assert silent == []
        optimiser.step()
        history.append(float(loss.detach()))
    assert sum(history[-5:]) < 0.8 * sum(history[:5])


@torch.no_grad()
@pytest.mark.parametrize("changes", VARIANTS)
def test_absent_leads_and_padding_cannot_change_anything(changes):
    system, data = moved(made(**changes)), batch()

    def outputs() -> list[torch.Tensor]:
        asked = system.score_queries(*signals(data), torch.ones(3, DT))
        return [system.embed_ecg(*signals(data)), asked]

    before = outputs()
    data.ecg[~(data.lead_mask[:, :, None] & data.sample_mask[:, None])] = 1e4
    assert all(torch.equal(a, b) for a, b in zip(before, outputs(), strict=True))
    data.ecg[1, 0] += 1
    assert not torch.allclose(before[0][1], outputs()[0][1])


@torch.no_grad()
def test_a_score_depends_on_the_other_queries_with_self_attention_alone():
    data = batch(3)
    queries = torch.randn(5, DT)
    for self_attention in (False, True):
        network = TINY.query_network.model_copy(update={"self_attention": self_attention})
        system = moved(made(query_network=network))
        together = system.score_queries(*signals(data), queries)
        alone = [system.score_queries(*signals(data), query[None]) for query in queries]
        same = torch.allclose(together, torch.cat(alone, dim=1), atol=1e-5)
        assert same is not self_attention
        order = torch.tensor([3, 0, 4, 1, 2])  # no causal mask: order never matters
        turned = system.score_queries(*signals(data), queries[order])
        assert torch.allclose(turned, together[:, order], atol=1e-5)


@torch.no_grad()
def test_the_linear_head_answers_with_the_nearest_entity():
    system, data = moved(made(head="linear")), batch(4)
    entities = system.entity_vectors
    own = system.score_queries(*signals(data), entities)
    pooled = system.embed_ecg(*signals(data))
    expected = pooled @ system.classifier.weight.T + system.classifier.bias
    assert torch.allclose(own, expected, atol=1e-5)
    order = torch.tensor([4, 1, 1])
    asked = 3 * entities[order] + 0.01 * torch.randn(3, DT)  # length does not matter
    assert torch.equal(system.score_queries(*signals(data), asked), own[:, order])


@torch.no_grad()
def test_explanations_exist_where_answers_come_from_leads():
    system, data = moved(made()), batch()
    logits, weights = system.explain_queries(*signals(data), system.entity_vectors)
    assert weights.shape == (12, Q, 12, 10)
    assert torch.allclose(weights.sum(dim=(2, 3)), torch.ones(12, Q), atol=1e-5)
    assert weights[1, :, 3:].abs().max() == 0 and weights[2, :, :, 6:].abs().max() == 0
    assert torch.allclose(
        logits, system.score_queries(*signals(data), system.entity_vectors), atol=1e-5
    )
    assert isinstance(system, ExplainsQueries)
    for changes in VARIANTS[1:]:
        assert not isinstance(made(**changes), ExplainsQueries)
        assert isinstance(made(**changes), ScoresQueries)


def test_foreign_labels_are_explained():
    data = batch()
    data.labels = data.labels[:, :4]
    with pytest.raises(CardiolexError, match="labels name 4 entities, the system knows 6"):
        made().losses(data)
