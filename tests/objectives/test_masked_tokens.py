import math

import torch

from cardiolex.objectives.masked_tokens import NOT_ASKED, hide_tokens, masked_cross_entropy

V, MASK, PAD, CLS = 50, 4, 0, 2
SPECIAL = torch.tensor([PAD, CLS, MASK])


def hidden(ids, share=0.15, seed=0):
    return hide_tokens(ids, SPECIAL, MASK, V, share, torch.Generator().manual_seed(seed))


def test_shares_are_those_of_bert_and_special_tokens_are_never_asked():
    ids = torch.randint(5, V, (400, 100), generator=torch.Generator().manual_seed(1))
    ids[:, 0], ids[:, 90:] = CLS, PAD
    shown, labels = hidden(ids)
    asked = labels != NOT_ASKED
    assert not asked[:, 0].any() and not asked[:, 90:].any()
    assert abs(asked[:, 1:90].float().mean() - 0.15) < 0.01
    assert torch.equal(labels[asked], ids[asked])
    assert torch.equal(shown[~asked], ids[~asked])
    masked = (shown == MASK)[asked].float().mean()
    same = (shown == ids)[asked].float().mean()
    assert abs(masked - 0.8) < 0.02
    assert abs(same - 0.1 - 0.1 / V) < 0.02
    assert torch.equal(hidden(ids)[0], shown)
    assert not torch.equal(hidden(ids, seed=3)[0], shown)


def test_each_text_is_asked_at_least_once():
    ids = torch.full((200, 3), PAD)
    ids[:, 0], ids[:, 1] = CLS, 9
    _, labels = hidden(ids, share=0.01)
    assert (labels[:, 1] == 9).all()


def test_the_loss_is_over_what_is_asked():
    logits = torch.zeros(1, 3, V)
    logits[0, 1, 7] = 100.0
    labels = torch.tensor([[5, NOT_ASKED, NOT_ASKED]])
    assert math.isclose(float(masked_cross_entropy(logits, labels)), math.log(V), rel_tol=1e-5)
    labels[0, 1] = 7
    assert math.isclose(float(masked_cross_entropy(logits, labels)), math.log(V) / 2, rel_tol=1e-5)
    assert float(masked_cross_entropy(logits, torch.full((1, 3), NOT_ASKED))) == 0
