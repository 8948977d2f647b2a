"""Two views of a recording."""

import pytest
import torch

from cardiolex.nn.views import Views
from cardiolex.recordings.leads import LEADS

EVERYTHING = Views(
    fs=100.0,
    time_out_probability=1.0,
    gain_probability=1.0,
    wander_probability=1.0,
    powerline_probability=1.0,
    muscle_probability=1.0,
    blur_probability=1.0,
    band_probability=1.0,
    warp_probability=1.0,
)


def recordings(b: int = 4, samples: int = 200):
    torch.manual_seed(0)
    ecg = torch.randn(b, 12, samples)
    ecg[:, LEADS.index("III")] = ecg[:, 1] - ecg[:, 0]
    lead_mask = torch.ones(b, 12, dtype=torch.bool)
    lead_mask[1, 4:] = False
    sample_mask = torch.ones(b, samples, dtype=torch.bool)
    sample_mask[2, 120:] = False
    return ecg, lead_mask, sample_mask


def test_no_change_is_the_recording_itself():
    ecg, leads, samples = recordings()
    there = leads[:, :, None] & samples[:, None]
    for view in Views.none().pair(ecg, leads, samples):
        assert torch.equal(view.ecg, ecg * there)
        assert torch.equal(view.lead_mask, leads)
        assert torch.equal(view.sample_mask, samples)


def test_views_differ_from_each_other_and_repeat_with_the_seed():
    torch.manual_seed(1)
    one, two = Views(fs=100.0).pair(*recordings())
    assert not torch.allclose(one.ecg, two.ecg)
    generator = torch.Generator().manual_seed(2)
    first = Views(fs=100.0).pair(*recordings(), generator)
    again = Views(fs=100.0).pair(*recordings(), generator.manual_seed(2))
    assert torch.equal(first[0].ecg, again[0].ecg)
    assert torch.equal(first[1].ecg, again[1].ecg)


@pytest.mark.parametrize("autocast", [False, True])
def test_every_change_together_keeps_einthoven_padding_and_precision(autocast):
    ecg, leads, samples = recordings()
    ecg[1, 4:], ecg[2, :, 120:] = 1e4, 1e4  # must not be read
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        for view in EVERYTHING.pair(ecg, leads, samples):
            assert view.ecg.dtype == torch.float32
            assert view.ecg.abs().max() < 30
            assert (view.ecg[~view.there] == 0).all()
            one, two, three = view.ecg[:, :3].unbind(dim=1)
            assert torch.allclose(one + three, two, atol=1e-4)


def test_the_default_slows_a_rhythm_by_no_more_than_a_quarter():
    ramp = torch.arange(400.0).expand(64, 12, -1)
    moved = Views(
        fs=100.0,
        noise=0.0,
        gain_probability=0.0,
        wander_probability=0.0,
        powerline_probability=0.0,
        time_out_probability=0.0,
    )
    view, _ = moved.pair(ramp, torch.ones(64, 12).bool(), torch.ones(64, 400).bool())
    speed = view.ecg[:, 0].diff(dim=1)
    assert speed.min() > 1 / 1.26 and speed.max() < 1.01
