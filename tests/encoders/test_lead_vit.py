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
