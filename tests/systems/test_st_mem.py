"""What is ST-MEM's own: what stays visible, what is scored, which lead sees which."""

import pytest
import torch
from tiny_systems import batch, made

from cardiolex.encoders.lead_sequences import LeadSequences, with_separators
from cardiolex.errors import CardiolexError
from cardiolex.nn.lead_decoder import LeadDecoder
from cardiolex.nn.masking import hide_most
from cardiolex.nn.positions import sine_cosine
from cardiolex.objectives.reconstruction import masked_mse, standardised

ALL = torch.ones(5, 12, 30, dtype=torch.bool)


def test_seven_of_thirty_patches_stay_in_each_lead_by_itself():
    visible = hide_most(ALL, 0.75)
    assert (visible.sum(dim=2) == 7).all()
    assert len({tuple(row.tolist()) for row in visible.flatten(0, 1)}) > 50


def test_siblings_hide_moments_of_all_leads_or_whole_leads():
    time, leads = (hide_most(ALL, 0.75, along) for along in ("time", "leads"))
    assert (time == time[:, :1]).all() and (time[:, 0].sum(dim=1) == 7).all()
    assert (leads == leads[:, :, :1]).all() and (leads[:, :, 0].sum(dim=1) == 3).all()
    few = ALL.clone()
    few[0, 1:], few[1, :, 2:] = False, False
    for along in ("lead", "time", "leads"):
        kept = hide_most(few, 0.75, along)
        assert not (kept & ~few).any() and kept.flatten(1).any(dim=1).all()


def test_visible_patches_are_not_scored():
    torch.manual_seed(0)
    predicted, target, masked = (
        torch.randn(4, 30, 9),
        torch.randn(4, 30, 9),
        torch.rand(4, 30) > 0.5,
    )
    loss = masked_mse(predicted, target, masked)
    assert torch.allclose(loss, ((predicted - target) ** 2)[masked].mean())
    other = torch.where(masked.unsqueeze(-1), target, torch.tensor(1e6))
    assert torch.equal(masked_mse(predicted, other, masked), loss)


def test_targets_are_patches_with_mean_0_and_variance_1():
    patches = 7 + 3 * torch.randn(4, 50)
    target = standardised(patches)
    assert torch.allclose(target.mean(dim=1), torch.zeros(4), atol=1e-5)
    assert torch.allclose(target.var(dim=1), torch.ones(4), atol=1e-4)
    assert torch.allclose(standardised(5 * patches + 1), target, atol=1e-4)
    assert standardised(torch.ones(1, 9)).abs().max() == 0


def test_the_decoder_of_a_lead_sees_no_other_lead():
    torch.manual_seed(0)
    decoder = LeadDecoder(LeadDecoder.Config(width=16, depth=2, heads=2), 8, 5)
    encoded = torch.randn(12, 32, 8, requires_grad=True)
    seen = torch.rand(12, 32) > 0.7
    decoder(encoded, seen, torch.ones_like(seen))[3].square().sum().backward()
    touched = encoded.grad.abs().sum(dim=2) > 0
    assert not touched[[0, 1, 2, *range(4, 12)]].any()
    assert torch.equal(touched[3], seen[3])


@torch.no_grad()
def test_two_leads_alone_are_those_leads_among_twelve_whose_others_nobody_attends_to():
    encoder = made("st_mem").eval().encoder
    ecg = torch.randn(3, 12, 100)
    two = torch.zeros(3, 12, dtype=torch.bool)
    two[:, :2] = True
    real = encoder.real(two, torch.ones(3, 100, dtype=torch.bool))
    alone = encoder(ecg * two.unsqueeze(-1), real)[:, :2]
    tokens = encoder.tokens(encoder.patches(ecg)).flatten(1, 2)
    valid = with_separators(real, two).flatten(1)
    for block in encoder.blocks:
        tokens = block(tokens, valid)
    among = encoder.norm(tokens).view(3, 12, 12, -1)[:, :2]
    assert torch.allclose(alone, among, atol=1e-5)


@torch.no_grad()
def test_without_patch_norm_amplitude_is_seen():
    data = batch(3)
    for patch_norm in (True, False):
        encoder = LeadSequences.Config(
            segment_samples=10, width=32, depth=1, heads=2, patch_norm=patch_norm
        )
        system = made("st_mem", encoder=encoder).eval()
        parts = (data.lead_mask, data.sample_mask)
        one, half = (system.embed_ecg(scale * data.ecg, *parts) for scale in (1.0, 0.5))
        assert (float((one - half).abs().max()) < 1e-3) == patch_norm


@torch.no_grad()
def test_any_window_that_holds_a_patch_will_do():
    system = made("st_mem").eval()
    for samples in (10, 47, 230):
        masks = torch.ones(2, 12, dtype=torch.bool), torch.ones(2, samples, dtype=torch.bool)
        assert system.embed_ecg(torch.randn(2, 12, samples), *masks).shape == (2, 32)
    with pytest.raises(CardiolexError, match="do not fill one patch"):
        system.embed_ecg(torch.randn(2, 12, 9), masks[0], masks[1][:, :9])


def test_positions_are_known_sines():
    table = sine_cosine(4, 6)
    assert torch.equal(table[0], torch.tensor([0.0, 0, 0, 1, 1, 1]))
    assert torch.allclose(table[3, 0], torch.tensor(3.0).sin())
    assert torch.allclose(table[2, 4], torch.tensor(2 / 10_000 ** (1 / 3)).cos())
