import pytest
import torch

from cardiolex.errors import CardiolexError
from cardiolex.nn.patches import real_segments, segments, visible_tokens


def test_segments_are_consecutive_pieces_of_each_lead():
    ecg = torch.arange(2 * 3 * 10).view(2, 3, 10).float()
    cut = segments(ecg, 5)
    assert cut.shape == (2, 3, 2, 5)
    assert torch.equal(cut[1, 2, 1], ecg[1, 2, 5:])


def test_a_length_that_cannot_be_cut_is_an_error():
    with pytest.raises(CardiolexError, match="2501 samples cannot be cut into segments of 50"):
        segments(torch.zeros(1, 12, 2501), 50)


def test_a_segment_mostly_in_padding_is_no_token():
    leads = torch.tensor([[True, False]])
    samples = torch.arange(30)[None] < 16  # 10 real, 6 real of 10, none
    assert real_segments(leads, samples, 10).tolist() == [[[True, True, False], [False] * 3]]
    samples = torch.arange(30)[None] < 15  # exactly half is not more than half
    assert real_segments(leads, samples, 10)[0, 0].tolist() == [True, False, False]


def test_equal_numbers_need_no_padding():
    visible = torch.tensor([[[True, False], [False, True]], [[False, True], [True, False]]])
    chosen = visible_tokens(visible)
    assert chosen.valid is None
    assert chosen.index.tolist() == [[0, 3], [1, 2]]


def test_unequal_numbers_are_padded_at_the_end():
    visible = torch.tensor([[[True, True], [False, True]], [[False, False], [True, False]]])
    chosen = visible_tokens(visible)
    assert chosen.valid.tolist() == [[True, True, True], [True, False, False]]
    assert chosen.index[0].tolist() == [0, 1, 3]
    assert chosen.index[1, 0] == 2


def test_a_recording_without_any_token_is_named():
    visible = torch.zeros(3, 12, 4, dtype=torch.bool)
    visible[[0, 2]] = True
    with pytest.raises(CardiolexError, match=r"recording\(s\) \[1\]"):
        visible_tokens(visible)
