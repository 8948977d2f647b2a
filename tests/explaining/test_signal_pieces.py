"""Systems that read a signal as a whole: a piece taken away is a straight line, never zeros."""

import numpy as np
import pytest
import torch

from cardiolex.errors import CardiolexError
from cardiolex.explaining.explain import explain_windows
from cardiolex.explaining.relevance import relevance
from cardiolex.explaining.torch_pieces import SignalPieces
from cardiolex.recordings.preprocess import Windows


class Slope:
    """Answers with ten times the largest step between samples of lead II; keeps what it saw."""

    def score_queries(self, ecg, lead_mask, sample_mask, vectors):
        self.ecg, self.leads = ecg, lead_mask
        return 10 * (ecg[:, 1, 1:] - ecg[:, 1, :-1]).abs().amax(dim=1, keepdim=True)


def windows():
    ecg = np.zeros((1, 12, 1000), np.float32)
    ecg[0, 1] = np.linspace(2.0, 3.0, 1000)
    ecg[0, 1, 500:505] += 1.0  # in the piece from 5.0 to 5.2 s, at 100 Hz
    mask = np.zeros((1, 12), bool)
    mask[0, :2] = True
    return Windows(ecg, mask, np.ones((1, 1000), bool), np.zeros(1))


def pieces(system):
    w = windows()
    given = (torch.from_numpy(x) for x in (w.ecg, w.lead_mask, w.sample_mask))
    return SignalPieces(system, *given, torch.zeros(1, 4), seconds=10.0)


def test_a_piece_taken_away_is_a_straight_line():
    system = Slope()
    one = pieces(system)
    kept = one.there.copy()
    kept[1, 25] = False
    assert one.segment_s == pytest.approx(0.2) and one.there.shape == (12, 50)
    assert one.logits(kept[None])[0] == pytest.approx(10 / 999, abs=1e-3)
    assert torch.allclose(system.ecg[0, 1], torch.linspace(2, 3, 1000), atol=1e-3)


def test_a_lead_of_which_nothing_is_left_is_absent():
    system = Slope()
    one = pieces(system)
    kept = one.there.copy()
    kept[0] = False
    one.logits(kept[None])
    assert system.leads[0].tolist() == [False, True] + [False] * 10


def test_occlusion_points_at_the_step():
    found = explain_windows(Slope(), windows(), 100.0, torch.zeros(4), "occlusion")
    lead, piece = np.unravel_index(found.relevance[0].argmax(), (12, 50))
    assert lead == 1 and piece in (24, 25)
    test = found.deletion
    assert test.marked == pytest.approx([10.0] * 3, abs=0.02) and test.random_mean[0] < 5
    assert test.removal == "a straight line"


def test_gradient_by_signal_is_summed_over_the_piece():
    found = relevance(pieces(Slope()), "gradient")
    assert np.flatnonzero(found[1]).tolist() in ([24, 25], [25]) and not found[0].any()


def test_attention_needs_tokens():
    with pytest.raises(CardiolexError, match="explain by 'gradient'"):
        relevance(pieces(Slope()), "attention")
