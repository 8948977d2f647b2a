"""What is its own: spans, halves, the quantiser, what is hidden from the transformer."""

import torch
from tiny_systems import batch, made

from cardiolex.nn.masking import drop_leads, mask_spans
from cardiolex.nn.quantizer import GumbelQuantizer
from cardiolex.nn.window import halves

QUANTIZER = GumbelQuantizer.Config(groups=2, entries=5, width=6)


def test_spans_cover_about_half_and_keep_to_what_is_real():
    real = torch.ones(400, 156, dtype=torch.bool)
    real[:100, 60:] = False
    torch.manual_seed(0)
    masked = mask_spans(real, 0.65, 10)
    assert not (masked & ~real).any()
    share = masked[100:].float().mean()
    assert 0.42 < share < 0.55  # 1 - (1 - 10 / 156)^10.14 = 0.49 if they overlap freely
    assert abs(masked[:100, :60].float().mean() - share) < 0.06
    starts = masked[100:] & ~torch.nn.functional.pad(masked[100:, :-1], (1, 0))
    runs = masked[100:].sum() / starts.sum()
    assert runs >= 10
    assert len({int(row.sum()) for row in masked}) > 5  # no recording waits for another


def test_short_recordings_keep_something_to_predict_from():
    real = torch.zeros(50, 12, dtype=torch.bool)
    real[:, 3:7] = True
    masked = mask_spans(real, 0.65, 10)
    assert ((masked.sum(dim=1) >= 1) & (masked.sum(dim=1) <= 4)).all()


def test_random_lead_masking_hides_half_and_never_all():
    kept = drop_leads(torch.ones(4000, 12, dtype=torch.bool), 0.5)
    assert abs(kept.float().mean() - 0.5) < 0.01
    assert kept.any(dim=1).all()
    torch.manual_seed(3)
    again = [drop_leads(torch.ones(9, 12, dtype=torch.bool), 0.5) for _ in range(2)]
    torch.manual_seed(3)
    assert torch.equal(drop_leads(torch.ones(9, 12, dtype=torch.bool), 0.5), again[0])
    assert not torch.equal(*again)


def test_halves_are_of_the_real_part():
    ecg = torch.arange(20.0).expand(2, 3, 20).clone()
    real = torch.ones(2, 20, dtype=torch.bool)
    real[1, :4], real[1, 16:] = False, False
    parts, masks = halves(ecg, real)
    assert torch.equal(parts[0, 0], torch.arange(10.0)) and torch.equal(
        parts[2, 0], 10 + parts[0, 0]
    )
    assert parts[1, 0].tolist() == [4, 5, 6, 7, 8, 9, 0, 0, 0, 0]
    assert parts[3, 0].tolist() == [10, 11, 12, 13, 14, 15, 0, 0, 0, 0]
    assert masks.sum(dim=1).tolist() == [10, 6, 10, 6]


def test_codes_are_entries_of_the_book_and_gradients_reach_what_chose_them():
    torch.manual_seed(0)
    quantizer, features = GumbelQuantizer(QUANTIZER, 4), torch.randn(3, 7, 4, requires_grad=True)
    made_ = quantizer(features, 0.0)
    expected = torch.stack([quantizer.book[g, made_.codes[..., g]] for g in range(2)], dim=2)
    assert torch.allclose(made_.values, expected.flatten(2), atol=1e-6)
    made_.values.square().sum().backward()
    assert features.grad.abs().sum() > 0 and quantizer.book.grad.abs().sum() > 0
    assert torch.allclose(made_.probabilities.sum(dim=-1), torch.ones(3, 7, 2))


def test_without_training_the_likeliest_code_is_taken_and_temperatures_are_published():
    quantizer, features = GumbelQuantizer(QUANTIZER, 4).eval(), torch.randn(3, 7, 4)
    made_ = quantizer(features)
    assert torch.equal(made_.codes, made_.probabilities.argmax(dim=-1))
    assert torch.equal(quantizer(features).values, made_.values)
    temperatures = [quantizer.temperature(done) for done in (0.0, 0.5, 1.0)]
    assert temperatures == [2.0, 1.0, 0.5]


def test_several_codes_are_in_use_and_the_quantiser_cools_down():
    system, data = made("wav2vec2_cmsc"), batch()
    losses = system.losses(data)
    assert losses["codes_used"] > 1
    weights = {"contrast": 1.0, "diversity": 0.1, "penalty": 10.0, "cmsc": 1.0}
    total = sum(weight * losses[name] for name, weight in weights.items())
    assert torch.allclose(losses["loss"], total)
    system.after_step(0.5)
    assert system.state_dict()["done"] == 0.5  # a run that goes on has it
