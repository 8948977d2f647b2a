"""What is CRT's own: pairs of magnitude and phase, domains, discrimination of tokens."""

import numpy as np
import pytest
import torch
from tiny_systems import batch, made

from cardiolex.errors import CardiolexError
from cardiolex.nn.spectrum import domains, patched
from cardiolex.objectives.instance import discrimination


def test_magnitude_and_phase_are_dropped_in_pairs_and_time_by_itself():
    system = made("crt")
    real = torch.ones(40, 20, dtype=torch.bool)  # 10 in time, 5 and 5 of the spectrum
    torch.manual_seed(0)
    kept = system.keep(real)
    assert torch.equal(kept[:, 10:15], kept[:, 15:])
    assert not torch.equal(kept[:, 0:10:2], kept[:, 10:15])
    assert len({tuple(row.tolist()) for row in kept}) > 20  # each recording its own draw


def test_more_is_dropped_as_training_goes_on():
    system, real = made("crt"), torch.ones(4, 20, dtype=torch.bool)
    for done, in_time, of_spectrum in ((0.0, 7, 4), (0.5, 5, 3), (1.0, 2, 1)):
        system.after_step(done)
        kept = system.keep(real)
        assert (kept[:, :10].sum(dim=1) == in_time).all()
        assert (kept[:, 10:15].sum(dim=1) == of_spectrum).all()


@torch.no_grad()
def test_what_is_added_to_a_token_depends_on_its_place_not_on_its_recording():
    encoder = made("crt").eval().encoder
    kept = torch.ones(3, 20, dtype=torch.bool)
    same = torch.randn(1, 1, 12, 10).expand(3, 20, -1, -1)  # one patch everywhere
    before = encoder(same, kept).before
    assert torch.allclose(before, before[:1].expand_as(before), atol=1e-6)
    difference = before[0, 1:5] - before[0, :1]
    place = encoder.positions[0] + encoder.domain[0]
    assert torch.allclose(difference, place[1:5] - place[:1], atol=1e-5)
    assert not torch.allclose(encoder.domain[0], encoder.domain[1])


def test_domains_hold_the_whole_signal():
    ecg = torch.randn(2, 12, 100)
    time, magnitude, phase = domains(ecg)
    assert torch.equal(time, ecg) and magnitude.shape == phase.shape == (2, 12, 50)
    bins = np.fft.rfft(ecg.numpy())
    assert np.allclose(magnitude.numpy() * 10, np.abs(bins)[:, :, :50], atol=1e-3)
    again = magnitude * torch.exp(1j * phase)
    assert np.allclose(again.numpy()[:, :, 1:] * 10, bins[:, :, 1:50], atol=1e-3)
    assert domains(torch.zeros(1, 1, 100)).phase.abs().max() == 0
    assert torch.equal(patched(ecg, 30)[1, 2, 3], ecg[1, 3, 60:90])


def test_discrimination_is_what_it_says():
    torch.manual_seed(0)
    before, after = torch.randn(2, 4, 8), torch.randn(2, 4, 8)
    valid = torch.tensor([[True] * 4, [True, True, True, False]])
    unit = [x / x.norm(dim=-1, keepdim=True) for x in (before, after)]
    repel, contrast = [], []
    for b, n in ((0, 4), (1, 3)):
        cosine = (unit[0][b, :n] @ unit[1][b, :n].T).double()
        repel.append(
            torch.log(sum(cosine[i, j].exp() for i in range(n) for j in range(n) if i != j))
        )
        contrast += [-torch.log(cosine[i, i].exp() / cosine[i].exp().sum()) for i in range(n)]
    for kind, expected in (("repel", repel), ("contrast", contrast)):
        found = discrimination(before, after, valid, kind)
        assert torch.allclose(found.double(), torch.stack(expected).mean())


def test_absent_leads_have_not_to_be_restored():
    system, data = made("crt").eval(), batch(4)
    data.lead_mask[:, 6:] = False
    for restore in system.decoder.restore:
        torch.nn.init.zeros_(restore.weight)
        torch.nn.init.constant_(restore.bias.view(12, 10)[6:], 1e6)
    torch.manual_seed(0)
    assert system.losses(data)["reconstruction"] < 10


def test_another_window_is_refused():
    with pytest.raises(CardiolexError, match="choose a Preprocess whose"):
        made("crt").embed_ecg(
            torch.zeros(1, 12, 90), torch.ones(1, 12).bool(), torch.ones(1, 90).bool()
        )
