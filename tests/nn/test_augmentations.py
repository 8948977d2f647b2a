"""Changes of ECGs: what the laws of the leads, masks and scales forbid does not happen."""

import math
from functools import partial

import pytest
import torch

from cardiolex.nn import augmentations as aug
from cardiolex.nn.signal import Signal, scale_of, sometimes
from cardiolex.recordings.leads import DERIVABLE, LIMB

FS, T = 100.0, 300
CHANGES = {
    "gain": aug.gain,
    "white_noise": aug.white_noise,
    "muscle_noise": aug.muscle_noise,
    "baseline_wander": partial(aug.baseline_wander, fs=FS),
    "powerline": partial(aug.powerline, fs=250.0),
    "baseline_step": aug.baseline_step,
    "blur": lambda signal, generator=None: aug.blur(signal, FS),
    "drop_band": partial(aug.drop_band, fs=FS),
    "crop_resize": aug.crop_resize,
    "warp": aug.warp,
    "shift": partial(aug.shift, fs=FS),
    "permute": aug.permute,
    "time_out": aug.time_out,
    "lead_out": aug.lead_out,
}
NOISES = ("white_noise", "muscle_noise", "baseline_wander", "powerline", "baseline_step")


def signal(b: int = 6, seed: int = 0) -> Signal:
    """Smooth recordings that obey Einthoven; one of three leads, one of 200 samples."""
    torch.manual_seed(seed)
    ecg = torch.randn(b, 12, T).cumsum(dim=2) / 10
    for place, lead in enumerate(LIMB):
        a, c = DERIVABLE.get(lead, (1.0, 0.0) if lead == "I" else (0.0, 1.0))
        ecg[:, place] = a * ecg[:, 0] + c * ecg[:, 1]
    lead_mask = torch.ones(b, 12, dtype=torch.bool)
    lead_mask[1, 3:] = False
    sample_mask = torch.ones(b, T, dtype=torch.bool)
    sample_mask[2, 200:] = False
    there = lead_mask[:, :, None] & sample_mask[:, None]
    return Signal(ecg * there, lead_mask, sample_mask)


@pytest.fixture(params=sorted(CHANGES))
def change(request):
    return CHANGES[request.param]


def test_the_limb_leads_are_those_of_the_package():
    for lead, row in zip(LIMB[2:], aug.FROM_I_AND_II[2:], strict=True):
        assert row == DERIVABLE[lead]


def test_einthoven_and_goldberger_hold_afterwards(change):
    torch.manual_seed(3)
    ecg = change(signal()).ecg[[0, 3, 4, 5]]
    if change is CHANGES["lead_out"]:
        pytest.skip("takes leads away one by one")
    for place, lead in enumerate(LIMB[2:], start=2):
        a, b = DERIVABLE[lead]
        assert torch.allclose(ecg[:, place], a * ecg[:, 0] + b * ecg[:, 1], atol=1e-4)


def test_what_is_absent_stays_absent(change):
    for seed in range(5):
        before = signal(seed=seed)
        after = change(before)
        assert torch.isfinite(after.ecg).all()
        assert (after.ecg[~after.there] == 0).all()
        assert not (after.lead_mask & ~before.lead_mask).any()
        if change is not CHANGES["shift"]:
            assert not after.sample_mask[2, 200:].any()
        assert after.sample_mask.any(dim=1).all()
        assert after.lead_mask.any(dim=1).all()


def test_draws_follow_the_seed(change):
    clean = signal()
    torch.manual_seed(1)
    expected = change(clean)
    torch.manual_seed(1)
    assert all(torch.equal(a, b) for a, b in zip(expected, change(clean), strict=True))
    if change is not CHANGES["blur"]:
        torch.manual_seed(2)
        assert not torch.equal(change(clean).ecg, expected.ecg)


def test_a_generator_repeats_whatever_torch_has_drawn(change):
    draws = []
    for _ in range(2):
        torch.rand(7)
        generator = torch.Generator().manual_seed(5)
        draws.append(change(signal(), generator=generator).ecg)
    assert torch.equal(*draws)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_amplitudes_are_relative_to_the_recording(name):
    before = signal()
    in_microvolts = Signal(before.ecg * 1000, before.lead_mask, before.sample_mask)
    torch.manual_seed(4)
    small = CHANGES[name](before).ecg
    torch.manual_seed(4)
    large = CHANGES[name](in_microvolts).ecg
    assert torch.allclose(large, 1000 * small, atol=0.05, rtol=1e-3)


@pytest.mark.parametrize("name", NOISES)
def test_an_offset_of_the_scale_changes_no_noise(name):
    before = signal()
    lifted = Signal(before.changed(before.ecg + 3.0).ecg, before.lead_mask, before.sample_mask)
    torch.manual_seed(4)
    plain = CHANGES[name](before).ecg - before.ecg
    torch.manual_seed(4)
    assert torch.allclose(CHANGES[name](lifted).ecg - lifted.ecg, plain, atol=1e-4)


def test_scale_and_noise_have_the_stated_size():
    ecg = torch.zeros(1, 12, 20_000)
    ecg[0, :, ::2] = 2.0  # about its mean of 1, a standard deviation of 1
    given = Signal(ecg, torch.ones(1, 12, dtype=torch.bool), torch.ones(1, 20_000).bool())
    assert scale_of(given).item() == pytest.approx(1.0)
    noise = aug.white_noise(given, 0.1).ecg - ecg
    assert noise[0, [0, 1, 6, 11]].std(dim=1).tolist() == pytest.approx([0.1] * 4, rel=0.05)
    assert noise[0, 2].std().item() == pytest.approx(0.1 * math.sqrt(2), rel=0.05)


def test_hum_has_its_frequency_and_harmonics_below_half_the_rate():
    given = Signal(torch.randn(8, 12, 500), torch.ones(8, 12).bool(), torch.ones(8, 500).bool())
    hum = aug.powerline(given, fs=250.0).ecg - given.ecg
    power = torch.fft.rfft(hum, dim=2).abs().mean(dim=(0, 1))
    strongest = set(power.topk(4).indices.tolist())  # bins of 0.5 Hz
    assert strongest == {100, 200, 120, 240}  # 50, 100; 60, 120


def test_wander_is_slow():
    given = Signal(torch.randn(4, 12, 5000), torch.ones(4, 12).bool(), torch.ones(4, 5000).bool())
    wander = aug.baseline_wander(given, fs=FS).ecg - given.ecg
    power = torch.fft.rfft(wander, dim=2).abs().square().sum(dim=(0, 1))
    assert power[: int(0.6 * 50)].sum() > 0.98 * power.sum()  # bins of 0.02 Hz


def test_a_band_is_gone():
    time = torch.arange(1000) / FS
    tone = torch.sin(2 * math.pi * 10 * time).expand(2, 12, -1).contiguous()
    given = Signal(tone, torch.ones(2, 12).bool(), torch.ones(2, 1000).bool())
    assert aug.drop_band(given, FS, limits=(10.0, 10.0)).ecg.abs().max() < 1e-4
    assert torch.allclose(aug.drop_band(given, FS, limits=(30.0, 30.0)).ecg, tone, atol=1e-4)


def test_gain_is_one_for_the_limb_leads_and_keeps_the_mean():
    before = signal()
    after = aug.gain(before, (0.5, 2.0))
    mean = before.ecg[0].mean(dim=1, keepdim=True)
    ratio = ((after.ecg[0] - mean) / (before.ecg[0] - mean)).median(dim=1).values
    assert torch.allclose(ratio[:6], ratio[0].expand(6), rtol=1e-3)
    assert len({round(float(r), 3) for r in ratio[6:]}) == 6
    assert ((ratio > 0.49) & (ratio < 2.01)).all()
    assert torch.allclose(after.ecg[0].mean(dim=1, keepdim=True), mean, atol=1e-4)


def test_a_crop_of_everything_and_no_warp_change_nothing():
    before = signal()
    for same in (aug.crop_resize(before, (1.0, 1.0)), aug.warp(before, 0.0)):
        assert torch.allclose(same.ecg, before.ecg, atol=1e-4)
        assert torch.equal(same.sample_mask, before.sample_mask)


def test_a_crop_stretches_a_ramp_within_the_real_part():
    ramp = torch.arange(float(T)).expand(4, 12, -1).contiguous()
    mask = torch.ones(4, T).bool()
    mask[1, 200:] = False
    given = Signal(ramp, torch.ones(4, 12).bool(), mask).changed(ramp)
    ecg = aug.crop_resize(given, (0.5, 0.5)).ecg
    assert torch.allclose(ecg[0].diff(dim=1), torch.tensor(0.5), atol=1e-3)
    assert torch.allclose(ecg[1, :, :200].diff(dim=1), torch.tensor(0.5), atol=1e-3)
    assert ecg[1].max() < 200


def test_a_warp_never_turns_back_and_keeps_both_ends():
    ramp = torch.arange(float(T)).expand(8, 12, -1).contiguous()
    given = Signal(ramp, torch.ones(8, 12).bool(), torch.ones(8, T).bool())
    ecg = aug.warp(given, 0.3).ecg[:, 0]
    speed = ecg.diff(dim=1)
    assert (speed > 0.69).all() and (speed < 1.31).all()
    assert speed.std() > 0.01
    assert torch.allclose(ecg[:, [0, -1]], ramp[:, 0, [0, -1]], atol=0.01)


def test_a_permutation_rearranges_each_lead_alike_in_blocks():
    places = torch.arange(float(T)).expand(16, 12, -1) + 1000 * torch.arange(12)[:, None]
    given = Signal(places.contiguous(), torch.ones(16, 12).bool(), torch.ones(16, T).bool())
    ecg = aug.permute(given, most=5).ecg
    assert torch.equal(ecg.sort(dim=2).values, places)  # each lead has its own samples
    assert torch.equal(ecg - 1000 * torch.arange(12)[:, None], ecg[:, :1].expand(-1, 12, -1))
    jumps = (ecg[:, 0].diff(dim=1) != 1).sum(dim=1)
    assert jumps.max() <= 4 and jumps.max() >= 1


def test_time_out_takes_one_stretch_of_the_stated_length():
    before = signal(b=32)
    after = aug.time_out(before, (0.2, 0.4))
    lost = before.sample_mask & ~after.sample_mask
    share = lost.sum(dim=1) / before.sample_mask.sum(dim=1)
    assert (share > 0.19).all() and (share < 0.41).all()
    edges = torch.diff(torch.nn.functional.pad(lost.int(), (1, 1)), dim=1).abs().sum(dim=1)
    assert (edges == 2).all()


def test_leads_go_at_the_stated_rate_and_one_always_stays():
    full = Signal(torch.ones(4000, 12, 2), torch.ones(4000, 12).bool(), torch.ones(4000, 2).bool())
    assert aug.lead_out(full, 0.5).lead_mask.float().mean().item() == pytest.approx(0.5, abs=0.01)
    assert (aug.lead_out(full, 0.999).lead_mask.sum(dim=1) >= 1).all()


def test_a_shift_moves_all_leads_and_keeps_at_least_half():
    before = signal(b=32)
    after = aug.shift(before, FS, seconds=5.0)
    assert (after.sample_mask.sum(dim=1) * 2 >= before.sample_mask.sum(dim=1) - 1).all()
    kept = aug.shift(before, FS, seconds=0.0)
    assert torch.equal(kept.ecg, before.ecg)


def test_sometimes_changes_that_share_of_recordings():
    before = Signal(
        torch.zeros(2000, 12, 2), torch.ones(2000, 12).bool(), torch.ones(2000, 2).bool()
    )
    after = before.changed(before.ecg + 1)
    mixed = sometimes(before, after, 0.3).ecg
    assert mixed.mean().item() == pytest.approx(0.3, abs=0.04)
    assert (mixed == mixed[:, :1, :1]).all()
