"""Views of TS-TCC and ASTCL: physically possible, lead by lead, the same for the same seed."""

import math

import pytest
import torch

from cardiolex.nn.augmentations import FROM_I_AND_II
from cardiolex.nn.noise_views import NoiseViews, keep_band
from cardiolex.nn.signal import Signal
from cardiolex.nn.weak_strong import WeakStrong

FS, T = 100.0, 400


def parts(b: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Recordings that keep Einthoven's law; one without V3, one shorter."""
    torch.manual_seed(0)
    eight = torch.randn(b, 8, T)
    limb = torch.stack([p * eight[:, 0] + q * eight[:, 1] for p, q in FROM_I_AND_II], dim=1)
    lead_mask, sample_mask = torch.ones(b, 12).bool(), torch.ones(b, T).bool()
    lead_mask[1, 8] = False
    sample_mask[2, 300:] = False
    ecg = torch.cat([limb, eight[:, 2:]], dim=1)
    return ecg * lead_mask[:, :, None] * sample_mask[:, None], lead_mask, sample_mask


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


VIEWS = [WeakStrong(), WeakStrong.original(), NoiseViews(fs=FS, probability=1.0)]


@pytest.mark.parametrize("views", VIEWS)
def test_views_stay_possible_and_repeat(views):
    ecg, lead_mask, sample_mask = parts()
    pair = views.pair(ecg, lead_mask, sample_mask, seeded())
    for view, again in zip(pair, views.pair(ecg, lead_mask, sample_mask, seeded()), strict=True):
        assert torch.equal(view.ecg, again.ecg)
        assert torch.equal(view.sample_mask, sample_mask) and torch.equal(view.lead_mask, lead_mask)
        assert torch.allclose(view.ecg[:, 0] + view.ecg[:, 2], view.ecg[:, 1], atol=1e-4)
        assert view.ecg[~view.there].abs().max() == 0
        assert not torch.allclose(view.ecg, ecg, atol=1e-3)
    assert not torch.equal(pair[0].ecg, views.pair(ecg, lead_mask, sample_mask, seeded(2))[0].ecg)


@pytest.mark.parametrize("views", VIEWS)
def test_noise_is_relative_to_the_recording(views):
    ecg, lead_mask, sample_mask = parts()
    one = views.pair(ecg, lead_mask, sample_mask, seeded())
    small = views.pair(0.01 * ecg, lead_mask, sample_mask, seeded())
    for a, b in zip(one, small, strict=True):
        assert torch.allclose(0.01 * a.ecg, b.ecg, atol=1e-5)


def test_each_lead_keeps_its_samples_and_all_are_cut_alike():
    ecg, lead_mask, sample_mask = parts()
    _, strong = WeakStrong(jitter=0.0).pair(ecg, lead_mask, sample_mask, seeded())
    assert torch.allclose(strong.ecg.sort(dim=2).values, ecg.sort(dim=2).values)
    moved = 0
    for old, new in zip(ecg, strong.ecg, strict=True):
        where = torch.tensor([int((old[4] == x).nonzero()[0]) for x in new[4, :300]])
        assert torch.equal(new[:, :300], old[:, where])
        moved += not torch.equal(where, torch.arange(300))
    assert moved  # two pieces may be shuffled into their old order


def test_weak_is_one_factor_of_a_lead_or_one_of_each_sample():
    ecg, lead_mask, sample_mask = parts()
    centred = ecg - ecg.sum(dim=2, keepdim=True) / sample_mask.sum(dim=1)[:, None, None]
    views = {"leads": WeakStrong(), "samples": WeakStrong(step_gain=(2.0, 0.3))}
    spread = {}
    for name, maker in views.items():
        weak, _ = maker.pair(ecg, lead_mask, sample_mask, seeded())
        change = (weak.ecg[0] - ecg[0] + centred[0]) / centred[0]
        big = centred[0].abs() > 0.5
        over_time = torch.stack([c[m].std() for c, m in zip(change, big, strict=True)]).max()
        over_leads = (change[6] - change[9])[big[6] & big[9]].abs().max()
        spread[name] = (float(over_time), float(over_leads))
    assert spread["leads"][0] < 1e-3 < spread["leads"][1]
    assert spread["samples"][1] < 1e-3 < spread["samples"][0]


def test_views_can_be_switched_off():
    ecg, lead_mask, sample_mask = parts()
    for view in WeakStrong.none().pair(ecg, lead_mask, sample_mask):
        assert torch.equal(view.ecg, ecg)
    assert torch.equal(NoiseViews.none().pair(ecg, lead_mask, sample_mask)[0].ecg, ecg)


def test_the_band_is_kept_and_nothing_else():
    t = torch.arange(T) / FS
    everywhere = torch.ones(1, 12).bool(), torch.ones(1, T).bool()

    def left(hz: float) -> float:
        wave = torch.cos(2 * math.pi * hz * t).expand(1, 12, T)
        signal = Signal(wave + 3.0, *everywhere)
        kept = keep_band(signal, FS, (0.5, 30.0)).ecg
        assert abs(float(kept.mean()) - 3.0) < 0.01  # an offset is no baseline wander
        return float((kept - 3.0)[0, 0, 50:-50].std() / wave[0, 0, 50:-50].std())

    assert left(10.0) == pytest.approx(1.0, abs=0.02)
    assert left(45.0) < 0.02
    assert left(0.125) < 0.1
