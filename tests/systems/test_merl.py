"""What is MERL's own: two losses, two views, text trained in part, zero-filled leads."""

import pytest
import torch
import torch.nn.functional as F
from tiny_bert import make_bert

from cardiolex.capabilities import Aligns, EmbedsECG, ScoresQueries, TrainsText
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.encoders.vit import ViT
from cardiolex.errors import CardiolexError
from cardiolex.systems.merl import MERL

DT, T, B = 32, 160, 6
ENCODERS = {
    "resnet": ResNet1D.Config(samples=T, width=4),
    "vit": ViT.Config(samples=T, segment_samples=16, width=24, depth=2, heads=2),
}
WORDS = ("left bundle branch block", "atrial fibrillation", "sinus", "right bundle")


@pytest.fixture(params=ENCODERS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def pooled_bert(tmp_path_factory):
    """A text encoder of two layers with a pooler."""
    return make_bert(tmp_path_factory.mktemp("pooled"), pooler=True)


def made(kind: str, text=None, **changes) -> MERL:
    torch.manual_seed(0)
    config = MERL.Config(encoder=ENCODERS[kind], text_dim=DT, embedding_dim=16, **changes)
    return MERL.assemble(config, text, torch.zeros(3, DT))


def batch() -> Batch:
    torch.manual_seed(1)
    lead_mask = torch.ones(B, 12, dtype=torch.bool)
    lead_mask[1, 4:] = False
    sample_mask = torch.ones(B, T, dtype=torch.bool)
    sample_mask[2, 100:] = False
    names = [str(i) for i in range(B)]
    reports = [f"{WORDS[i % 4]}. {WORDS[i // 4]}." for i in range(B)]
    labels = torch.zeros(B, 3)
    ecg = torch.randn(B, 12, T)
    return Batch(ecg, lead_mask, sample_mask, reports, torch.randn(B, DT), labels, names)


def parts(data: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return data.ecg, data.lead_mask, data.sample_mask


def clip(a: torch.Tensor, b: torch.Tensor, temperature: float) -> float:
    """Both directions of the CLIP loss, summed, row by row."""
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    total = 0.0
    for x, y in ((a, b), (b, a)):
        for i in range(len(x)):
            scores = [float(x[i] @ y[j]) / temperature for j in range(len(y))]
            total -= scores[i] - float(torch.logsumexp(torch.tensor(scores), 0))
    return total / len(a)


@torch.no_grad()
def test_losses_are_two_clip_losses_of_both_directions_summed(kind):
    system, data = made(kind, contrast_weight=0.5, uni_modal_weight=2.0, temperature=0.2), batch()
    system.eval()
    ecg, text = system.project_ecg(*parts(data)), system.embed_text(data.report_vectors)
    start = system.embed_ecg(*parts(data))
    if kind == "resnet":
        start = start @ system.head.reduce.weight.T + system.head.reduce.bias
    views = [start @ view[0].weight.T for view in system.views]
    losses = system.losses(data)
    contrast, uni_modal = clip(ecg, text, 0.2), clip(*views, 0.2)
    assert float(losses["contrast"]) == pytest.approx(contrast, rel=1e-4)
    assert float(losses["uni_modal"]) == pytest.approx(uni_modal, rel=1e-4)
    assert float(losses["loss"]) == pytest.approx(0.5 * contrast + 2 * uni_modal, rel=1e-4)


@torch.no_grad()
def test_scores_are_cosines_over_the_temperature(kind):
    system, data = made(kind).eval(), batch()
    queries = torch.randn(4, DT)
    scores = system.score_queries(*parts(data), queries)
    ecg, text = system.project_ecg(*parts(data)), system.text_projector(queries)
    wanted = F.cosine_similarity(ecg[:, None], text[None], dim=2) / 0.07
    assert torch.allclose(scores, wanted, atol=1e-4)


@torch.no_grad()
def test_views_differ_by_their_maps_and_their_dropout_alone(kind):
    system, data = made(kind, dropout=0.5), batch()
    for part in (system.encoder, system.head):
        part.eval()
    shared = system.head.shared(system.embed_ecg(*parts(data)))
    system.views[1].load_state_dict(system.views[0].state_dict())
    one, other = system.views[0](shared), system.views[1](shared)
    plain = system.views[0].eval()(shared)
    kept = (one != 0) & (other != 0)
    assert torch.allclose(one[kept], 2 * plain[kept], atol=1e-5)
    assert torch.allclose(other[kept], one[kept])
    assert 0 < float(((one == 0) != (other == 0)).float().mean()) < 1
    assert torch.equal(system.views[1].eval()(shared), plain)


@torch.no_grad()
@pytest.mark.parametrize("training", [True, False])
def test_what_absent_leads_and_padding_hold_never_matters(kind, training):
    system, data = made(kind, dropout=0.0).train(training), batch()
    hidden = ~(data.lead_mask[:, :, None] & data.sample_mask[:, None])
    before = system.losses(data)["loss"]
    for filling in (1e3, float("nan"), float("inf")):
        data.ecg = data.ecg.masked_fill(hidden, filling)
        assert torch.equal(system.losses(data)["loss"], before)
    data.ecg = data.ecg.masked_fill(hidden, 0.0)
    full = torch.ones_like
    as_zeros = Batch(
        data.ecg, full(data.lead_mask), full(data.sample_mask), [], data.report_vectors, None, []
    )
    assert torch.equal(system.losses(as_zeros)["loss"], before)  # filled with zeros, as it says


def gradients(system: MERL) -> set[str]:
    system.losses(batch())["loss"].backward()
    return {n for n, p in system.named_parameters() if p.grad is not None and p.grad.any()}


@pytest.mark.parametrize("k", [1, 2])
def test_exactly_the_last_text_layers_and_the_pooler_learn(kind, k, pooled_bert):
    system = made(kind, HuggingFaceText(pooled_bert), text_layers_trained=k)
    assert isinstance(system, TrainsText)
    assert system.config.reads == "texts"
    learnt = {name for name in gradients(system) if name.startswith("text_model.")}
    tops = {".".join(name.split(".")[1:4]) for name in learnt if ".encoder.layer." in name}
    assert tops == {f"encoder.layer.{i}" for i in range(2 - k, 2)}
    rest = {name for name in learnt if ".encoder.layer." not in name}
    assert rest == {"text_model.pooler.dense.weight", "text_model.pooler.dense.bias"}
    trainable = {n for n, p in system.text_model.named_parameters() if p.requires_grad}
    keys = {f"encoder.layer.{i}.attention.self.key.bias" for i in range(2)}  # softmax ignores them
    assert trainable - {name.removeprefix("text_model.") for name in learnt} <= keys


def test_frozen_text_stays_outside(kind, pooled_bert):
    system = made(kind, HuggingFaceText(pooled_bert))
    assert not isinstance(system, TrainsText)
    assert system.config.reads == "vectors"
    assert not any("text_model" in name for name in system.state_dict())


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0)])
def test_a_loss_that_is_off_leaves_no_idle_weights(kind, weights):
    contrast, uni_modal = weights
    system = made(kind, contrast_weight=contrast, uni_modal_weight=uni_modal)
    assert set(system.losses(batch())) == {"loss", "contrast" if contrast else "uni_modal"}
    assert {n for n, p in system.named_parameters() if p.requires_grad} == gradients(system)
    if not contrast:
        assert system.config.reads == "labels"
        assert isinstance(system, EmbedsECG)
        assert not isinstance(system, ScoresQueries | Aligns)


def test_misuse_is_explained(kind):
    system, data = made(kind), batch()
    data.report_vectors = None
    with pytest.raises(CardiolexError, match="no report vectors"):
        system.losses(data)
    with pytest.raises(CardiolexError, match="needs the text encoder itself"):
        made(kind, text_layers_trained=1)
    with pytest.raises(ValueError, match="needs contrast_weight above 0"):
        made(kind, text_layers_trained=1, contrast_weight=0.0)
    with pytest.raises(CardiolexError, match="nothing to learn"):
        made(kind, contrast_weight=0.0, uni_modal_weight=0.0).losses(data)


def test_text_layers_that_are_not_there_are_refused(pooled_bert):
    with pytest.raises(CardiolexError, match="has 2 layers; 3"):
        made("vit", HuggingFaceText(pooled_bert), text_layers_trained=3)
