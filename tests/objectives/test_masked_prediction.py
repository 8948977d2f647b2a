"""The losses of wav2vec 2.0 against plain loops and closed forms."""

import torch

from cardiolex.objectives.masked_prediction import (
    code_perplexity,
    diversity,
    draw_negatives,
    masked_contrast,
    mean_use,
)

MASKED = torch.tensor([[0, 1, 1, 0, 1, 1], [1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]).bool()


def test_negatives_are_other_masked_tokens_of_the_recording_and_all_of_them_in_turn():
    torch.manual_seed(0)
    places, asked = draw_negatives(MASKED, 400)
    assert torch.equal(asked[:2], MASKED[:2]) and not asked[2].any()  # nothing to tell it from
    for b, n in asked.nonzero().tolist():
        drawn = places[b, n]
        others = {int(m) for m in MASKED[b].nonzero()} - {n}
        assert set(drawn.tolist()) == others
        shares = torch.bincount(drawn)[sorted(others)] / 400
        assert torch.allclose(shares, torch.full_like(shares, 1 / len(others)), atol=0.1)


def test_contrast_equals_a_plain_loop():
    torch.manual_seed(1)
    predicted, targets = torch.randn(3, 6, 8), torch.randn(3, 6, 8)
    codes = torch.arange(18).view(3, 6, 1)
    codes[0, 4] = codes[0, 1]  # of one code with token 1, so no negatives of each other
    torch.manual_seed(2)
    places, asked = draw_negatives(MASKED, 5)
    expected = []
    for b, n in asked.nonzero().tolist():
        cosine = torch.cosine_similarity(predicted[b, n][None], targets[b], dim=1) / 0.1
        kept = [m for m in places[b, n].tolist() if codes[b, m] != codes[b, n]]
        chances = torch.cat([cosine[n][None], cosine[kept]])
        expected.append(-chances.log_softmax(dim=0)[0])
    torch.manual_seed(2)
    loss = masked_contrast(predicted, targets, codes, MASKED, negatives=5)
    assert torch.allclose(loss, torch.stack(expected).mean(), atol=1e-5)


def test_diversity_is_0_at_uniform_use_and_largest_where_one_code_does_everything():
    uniform = torch.full((2, 320), 1 / 320)
    assert abs(float(diversity(uniform))) < 1e-5
    one = torch.zeros(2, 320)
    one[:, 7] = 1.0
    assert torch.allclose(diversity(one), torch.tensor(1 - 2 / 640))
    assert torch.allclose(code_perplexity(uniform), torch.full((2,), 320.0), rtol=1e-4)
    half = torch.tensor([[0.5, 0.5, 0, 0]])
    assert torch.allclose(code_perplexity(half), torch.tensor([2.0]))


def test_use_is_the_mean_over_chosen_tokens():
    p = torch.rand(3, 6, 2, 4)
    assert torch.allclose(mean_use(p, MASKED), p[MASKED].mean(dim=0))
