"""K-MERL beyond the contract: masks, subsets of queries, explanations, heartbeats."""

import pytest
import torch
from tiny_systems import Q, batch, made, outputs

from cardiolex.errors import CardiolexError


def test_kmerl_masks_as_it_is_told():
    system, seen = made("kmerl"), []
    system.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    torch.manual_seed(0)
    for _ in range(20):
        system.losses(batch())
    for visible in seen:
        leads = visible.any(dim=2).sum(dim=1)
        assert leads[0] in (1, 2, 3)
        assert (leads == leads[0]).all()
        per_lead = visible.sum(dim=2)
        assert set(per_lead[0].tolist()) == {0, 8}  # of 10 segments ceil(7.5) stay
        assert set(per_lead[2].tolist()) == {0, 5}  # of 6 real ones ceil(4.5)


def test_a_subset_of_queries_gives_the_loss_of_all_on_average():
    whole = made("kmerl", contrast_weight=0.0).eval()
    part = made("kmerl", contrast_weight=0.0, queries_per_step=3).eval()
    part.load_state_dict(whole.state_dict())
    plain = whole.config.masking.model_copy(update={"masked_leads": (), "segment_ratio": 0.0})
    for system in (whole, part):
        system.config = system.config.model_copy(update={"masking": plain})
    data = batch()
    data.labels = data.labels.nan_to_num(0.0)
    with torch.no_grad():
        torch.manual_seed(0)
        mean = torch.stack([part.losses(data)["loss"] for _ in range(300)]).mean()
        assert torch.allclose(mean, whole.losses(data)["loss"], atol=0.01)


def test_missing_reports_and_foreign_labels_are_explained():
    system, data = made("kmerl"), batch()
    data.report_vectors = None
    with pytest.raises(CardiolexError, match="no report vectors"):
        system.losses(data)
    data = batch()
    data.labels = data.labels[:, :4]
    with pytest.raises(CardiolexError, match="labels name 4 entities, the system knows 6"):
        system.losses(data)


@torch.no_grad()
def test_explanations_point_at_leads_that_exist():
    system, data = made("kmerl").eval(), batch()
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    logits, weights = system.explain_queries(*parts, system.entity_vectors)
    assert weights.shape == (12, Q, 12, 10)
    assert torch.allclose(weights.sum(dim=(2, 3)), torch.ones(12, Q), atol=1e-5)
    assert weights[1, :, 3:].abs().max() == 0
    assert weights[2, :, :, 6:].abs().max() == 0
    assert torch.allclose(logits, system.score_queries(*parts, system.entity_vectors), atol=1e-5)


def test_the_head_that_learns_heartbeats_is_taken_off():
    system, data = made("kmerl", beat_weight=1.0), batch()
    with pytest.raises(CardiolexError, match="what each heartbeat is"):
        system.losses(data)
    data.beats = torch.rand(12, 10, 12).round()
    losses = system.losses(data)
    losses["loss"].backward()
    assert float(losses["beats"]) > 0 and system.beat_head.weight.grad.abs().sum() > 0
    system.eval()
    before = outputs(system, data)
    system.remove_scaffold()
    assert not [name for name in system.state_dict() if "beat" in name]
    assert system.config == made("kmerl").config
    for a, b in zip(before, outputs(system, data), strict=True):
        assert torch.equal(a, b)
