import math

import pytest
import torch

from cardiolex.objectives.captioning import caption_cross_entropy


def test_it_is_the_mean_over_words_and_padding_takes_no_part():
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 5), torch.tensor([[3, 1, 0], [4, 0, 0]])
    total = 0.0
    for b, s in ((0, 0), (0, 1), (1, 0)):
        row = [float(x) for x in logits[b, s]]
        total -= row[targets[b, s]] - math.log(sum(math.exp(x) for x in row))
    loss = caption_cross_entropy(logits, targets, padding=0)
    assert float(loss) == pytest.approx(total / 3, abs=1e-5)
    chosen = targets != 0
    assert torch.equal(caption_cross_entropy(logits[chosen], targets[chosen], padding=0), loss)


def test_padding_sends_no_gradient_and_nothing_but_padding_is_no_loss():
    logits = torch.randn(2, 3, 5, requires_grad=True)
    caption_cross_entropy(logits, torch.tensor([[3, 9, 9], [9, 9, 9]]), padding=9).backward()
    assert (logits.grad != 0).any(dim=2).tolist() == [[True, False, False], [False] * 3]
    assert caption_cross_entropy(logits, torch.full((2, 3), 9), padding=9) == 0
