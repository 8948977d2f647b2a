"""Tokens that are taken away are absent, and their weight's slope says what that would do."""

import numpy as np
import pytest
import torch
from systems.tiny_systems import T, batch, made, queries

from cardiolex.explaining.relevance import relevance
from cardiolex.explaining.torch_pieces import TokenPieces


@pytest.fixture(scope="module", params=["kmerl", "supreme"])
def asked(request):
    system = made(request.param).eval()
    with torch.no_grad():
        for weight in system.parameters():
            if weight.ndim == 2:
                weight.mul_(4)  # as initialised, answers hardly depend on the signal
    return system, batch(3), queries()


def pieces(asked, row=0):
    system, data, vectors = asked
    return TokenPieces(
        system,
        data.ecg[row : row + 1],
        data.lead_mask[row : row + 1],
        data.sample_mask[row : row + 1],
        vectors[:1],
        seconds=1.0,
    )


def test_all_tokens_give_the_answer(asked):
    system, data, vectors = asked
    visible = system.token_mask(data.lead_mask, data.sample_mask)
    with torch.no_grad():
        whole = system.score_queries(data.ecg, data.lead_mask, data.sample_mask, vectors)
        ones = torch.ones(visible.shape)
        assert torch.allclose(system.score_tokens(data.ecg, visible, vectors), whole, atol=1e-5)
        weighed = system.score_tokens(data.ecg, visible, vectors, ones)
    assert torch.allclose(weighed, whole, atol=1e-4)


def test_the_tokens_of_some_leads_give_what_those_leads_alone_give(asked):
    system, data, vectors = asked
    leads = torch.zeros(3, 12, dtype=torch.bool)
    leads[:, [0, 2]] = True
    visible = system.token_mask(data.lead_mask, data.sample_mask) & leads[:, :, None]
    alone = data.ecg * leads[:, :, None]
    with torch.no_grad():
        some = system.score_tokens(data.ecg, visible, vectors)
        expected = system.score_queries(alone, leads & data.lead_mask, data.sample_mask, vectors)
    assert torch.allclose(some, expected, atol=1e-5)


def test_a_weight_near_zero_is_absence(asked):
    one = pieces(asked)
    weights = torch.ones(1, 12, T // 10)
    weights[0, 3:5] = 1e-12
    kept = one.there.copy()
    kept[3:5] = False
    with torch.no_grad():
        weighed = one.system.score_tokens(one.ecg, one.mask, one.vector, weights)
    assert one.logits(kept[None])[0] == pytest.approx(weighed.item(), abs=3e-5)
    assert abs(one.logits(kept[None])[0] - one.logits(one.there[None])[0]) > 3e-4


def test_the_gradient_is_the_slope_of_the_logit(asked):
    one = pieces(asked)
    slopes = relevance(one, "gradient")
    for lead, m in ((0, 0), (7, 4)):
        ends = []
        for weight in (0.98, 1.02):
            weights = torch.ones(1, 12, T // 10)
            weights[0, lead, m] = weight
            with torch.no_grad():
                ends.append(one.system.score_tokens(one.ecg, one.mask, one.vector, weights).item())
        assert slopes[lead, m] == pytest.approx((ends[1] - ends[0]) / 0.04, abs=2e-3)
    assert abs(slopes.sum()) < 1e-3 * np.abs(slopes).sum()  # all alike changes nothing


@pytest.mark.parametrize("method", ["gradient", "attention", "input", "occlusion"])
def test_what_was_not_recorded_has_no_relevance(asked, method):
    few, short = pieces(asked, 1), pieces(asked, 2)  # three leads; the last four tenths padded
    assert np.all(relevance(few, method)[3:] == 0) and relevance(few, method)[:3].any()
    assert np.all(relevance(short, method)[:, 6:] == 0) and relevance(short, method)[:, :6].any()


def test_copies_that_keep_different_numbers_of_pieces_do_not_mix(asked):
    one = pieces(asked)
    rng = np.random.default_rng(0)
    kept = rng.random((7, *one.there.shape)) < np.linspace(0.2, 0.9, 7)[:, None, None]
    each = [one.logits(k[None])[0] for k in kept]
    assert np.allclose(one.logits(kept), each, atol=1e-5)
