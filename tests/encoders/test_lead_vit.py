import pytest
import torch

from cardiolex.encoders.lead_vit import SIZES, LeadViT
from cardiolex.errors import CardiolexError


def small(**changes) -> LeadViT:
    torch.manual_seed(0)
    sizes = {"segment_samples": 10, "max_segments": 6, "width": 32, "depth": 2, "heads": 2}
    return LeadViT(LeadViT.Config(**{**sizes, **changes})).eval()


def parts(b: int = 2, t: int = 60):
    torch.manual_seed(1)
    return (
        torch.randn(b, 12, t),
        torch.ones(b, 12, dtype=torch.bool),
        torch.ones(b, t, dtype=torch.bool),
    )


def encode(model: LeadViT, ecg, leads, samples):
    with torch.no_grad():
        return model(ecg, model.real(leads, samples))


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_published_tiny_size_has_its_number_of_parameters():
    assert count(LeadViT(LeadViT.Config())) == 5_369_856


@pytest.mark.parametrize("size", SIZES)
def test_sizes_differ_from_merls_by_their_embeddings_only(size):
    merl = {"tiny": 5_473_152, "small": 21_563_136, "middle": 38_188_032, "base": 85_593_600}
    width = SIZES[size][0]
    ours, theirs = 100 * width + (50 + 12) * width, 12 * 50 * width + 100 * width
    with torch.device("meta"):
        model = LeadViT(LeadViT.Config.of_size(size))
    assert count(model) - ours == merl[size] - theirs


def test_absent_leads_and_padding_cannot_change_anything():
    model, (ecg, leads, samples) = small(), parts()
    leads[:, [3, 8]] = False
    samples[:, 40:] = False
    before = encode(model, ecg, leads, samples)
    ecg[:, [3, 8]] = 1e3
    ecg[:, :, 40:] = -1e3
    after = encode(model, ecg, leads, samples)
    assert before.values.shape == (2, 10 * 4, 32)
    assert torch.equal(before.values, after.values)


def test_a_recording_does_not_notice_a_longer_neighbour():
    model, (ecg, leads, samples) = small(), parts()
    leads[0, 1:] = False
    samples[0, 30:] = False
    together = encode(model, ecg, leads, samples)
    alone = encode(model, ecg[:1], leads[:1], samples[:1])
    assert together.valid is not None
    assert together.valid.sum(dim=1).tolist() == [3, 72]
    assert torch.allclose(together.values[0, :3], alone.values[0], atol=1e-5)
    assert torch.allclose(together.mean()[0], alone.mean()[0], atol=1e-5)


def test_order_of_tokens_is_lead_by_lead():
    model, (ecg, leads, samples) = small(), parts(1)
    leads[:] = False
    leads[0, [2, 5]] = True
    assert encode(model, ecg, leads, samples).index[0].tolist() == [*range(12, 18), *range(30, 36)]


def test_lead_and_time_embeddings_tell_places_apart():
    ecg, leads, samples = parts(1)
    ecg[:] = ecg[:, :1, :10].repeat(1, 12, 6)  # every token carries the same signal
    for lead, time, distinct in ((True, True, 72), (True, False, 12), (False, True, 6)):
        tokens = encode(small(lead_embedding=lead, time_embedding=time), ecg, leads, samples)
        assert len(torch.unique(tokens.values[0].round(decimals=4), dim=0)) == distinct


def test_mixed_tokens_are_one_per_segment_and_blind_to_absent_leads():
    model, (ecg, leads, samples) = small(tokens="mixed"), parts()
    leads[:, 4] = False
    before = encode(model, ecg, leads, samples)
    assert before.values.shape == (2, 6, 32)
    ecg[:, 4] = 77
    assert torch.equal(before.values, encode(model, ecg, leads, samples).values)


def test_a_window_longer_than_the_time_embeddings_is_an_error():
    model = small()
    with pytest.raises(CardiolexError, match=r"70 samples cannot be cut .* \(at most 6\)"):
        model.real(torch.ones(1, 12, dtype=torch.bool), torch.ones(1, 70, dtype=torch.bool))


def test_dropout_and_stochastic_depth_act_in_training_alone_and_cost_no_weights():
    plain, parts_ = small(), parts()
    for changes in ({"dropout": 0.2}, {"drop_path": 0.5}):
        model = small(**changes)
        assert count(model) == count(plain)
        assert torch.equal(encode(model, *parts_).values, encode(model, *parts_).values)
        model.train()
        assert not torch.allclose(encode(model, *parts_).values, encode(model, *parts_).values)
    same = small(dropout=0.2, drop_path=0.5)
    for mine, theirs in zip(same.parameters(), plain.parameters(), strict=True):
        mine.data.copy_(theirs.data)
    assert torch.equal(encode(same, *parts_).values, encode(plain, *parts_).values)


def test_a_dropped_block_leaves_a_recording_as_it_was_and_never_touches_its_neighbours():
    model, parts_ = small(depth=2, drop_path=0.5), parts(40)
    whole = encode(model, *parts_).values
    model.blocks[1] = torch.nn.Identity()
    model.blocks[1].forward = lambda x, valid: x
    without = encode(model, *parts_).values
    model = small(depth=2, drop_path=0.5).train()
    torch.manual_seed(3)
    seen = encode(model, *parts_).values
    dropped = [torch.allclose(a, b, atol=1e-5) for a, b in zip(seen, without, strict=True)]
    assert 2 <= sum(dropped) <= 20  # both branches of the second block: one in four
    assert not any(torch.allclose(a, b) for a, b in zip(seen, whole, strict=True))


def test_attention_is_laid_out_by_lead_and_segment():
    model, (ecg, leads, samples) = small(), parts()
    leads[0, [1, 4]] = False
    samples[1, 20:] = False
    tokens = encode(model, ecg, leads, samples)
    weights = torch.rand(2, 3, tokens.index.shape[1]) * tokens.valid[:, None]
    grid = tokens.by_lead(weights, 12, 6)
    assert grid.shape == (2, 3, 12, 6)
    assert grid[0, :, [1, 4]].abs().max() == 0 and grid[1, :, :, 2:].abs().max() == 0
    assert torch.equal(grid[0, 1, 2], weights[0, 1, 6:12])  # lead 1 is absent
    assert torch.allclose(grid.sum(dim=(2, 3)), weights.sum(dim=2))
