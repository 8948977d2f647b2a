import math

import pytest
import torch

from cardiolex.objectives.contrastive import info_nce
from cardiolex.objectives.entities import entity_bce


def test_info_nce_is_the_formula_written_out():
    torch.manual_seed(0)
    a, b = torch.randn(5, 8), torch.randn(5, 8)
    total = 0.0
    for x, y in ((a, b), (b, a)):
        for i in range(5):
            cosines = [float(torch.cosine_similarity(x[i], y[k], dim=0)) / 0.07 for k in range(5)]
            total -= cosines[i] - math.log(sum(math.exp(c) for c in cosines))
    assert float(info_nce(a, b)) == pytest.approx(total / 5 / 2, abs=1e-5)
    assert float(info_nce(a, b, reduction="sum")) == pytest.approx(total / 5, abs=1e-5)


def test_info_nce_of_perfect_and_of_blind_pairs():
    assert info_nce(torch.eye(6), 3 * torch.eye(6)) < 1e-4
    same = torch.ones(6, 4)
    assert float(info_nce(same, same)) == pytest.approx(math.log(6), abs=1e-5)


def test_entity_loss_is_the_mean_over_known_labels():
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]])
    labels = torch.tensor([[1.0, 0.0, math.nan], [math.nan, 0.0, 1.0]])
    expected = [math.log1p(math.exp(z)) for z in (-2.0, -1.0, 3.0, 2.0)]
    assert float(entity_bce(logits, labels)) == pytest.approx(sum(expected) / 4, abs=1e-6)


def test_unknown_labels_send_no_gradient_and_all_unknown_is_no_loss():
    logits = torch.randn(2, 3, requires_grad=True)
    labels = torch.tensor([[1.0, math.nan, 0.0], [math.nan] * 3])
    entity_bce(logits, labels).backward()
    assert (logits.grad != 0).tolist() == [[True, False, True], [False] * 3]
    assert entity_bce(logits, torch.full((2, 3), math.nan)) == 0


def test_weight_multiplies_positives_only():
    logits, weight = torch.zeros(1, 2), torch.tensor([5.0, 5.0])
    labels = torch.tensor([[1.0, 0.0]])
    assert float(entity_bce(logits, labels, weight)) == pytest.approx(3 * math.log(2))


def test_autocast_does_not_round_the_cosines():
    torch.manual_seed(3)
    a, b = torch.randn(8, 16), torch.randn(8, 16)
    plain = info_nce(a, b, 0.01)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(info_nce(a, b, 0.01), plain)
