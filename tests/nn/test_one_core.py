"""Work beside other work: the same results in the same order, and torch as it was before."""

import threading

import pytest
import torch

from cardiolex.nn.by_shape import by_shape
from cardiolex.nn.one_core import each_on_one_core


@pytest.fixture
def three_cores():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_each_piece_has_one_core_and_the_order_is_kept(three_cores):
    meeting = threading.Barrier(3, timeout=60)  # passed by three at a time alone

    def work(item):
        meeting.wait()
        weight = torch.ones(2, requires_grad=True)
        return item, torch.get_num_threads(), (weight * item).requires_grad

    assert each_on_one_core(work, range(6)) == [(item, 1, False) for item in range(6)]
    assert torch.get_num_threads() == 3
    found = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [3]


def test_a_single_piece_has_all_cores_and_errors_come_through(three_cores):
    assert each_on_one_core(lambda _: torch.get_num_threads(), [0]) == [3]
    with pytest.raises(ZeroDivisionError):
        each_on_one_core(lambda item: 1 // item, [1, 0, 2])
    assert torch.get_num_threads() == 3


def test_windows_beside_one_another_come_back_in_order(three_cores):
    ecg = torch.arange(7.0)[:, None, None].expand(7, 12, 4)
    leads = torch.ones(7, 12, dtype=torch.bool)
    leads[::2, 3:] = False
    samples = torch.ones(7, 4, dtype=torch.bool)

    def mean(given, lead_mask, sample_mask):
        assert len(given) * int(lead_mask[0].sum()) <= 12
        return given.mean(dim=(1, 2))

    found = by_shape(mean, ecg, leads, samples, 12, torch.device("cpu"), beside=True)
    assert torch.stack(found).tolist() == list(range(7))
