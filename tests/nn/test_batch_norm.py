"""Statistics over the batch, on vectors and on maps; equal to torch's in one process."""

import torch
from torch import nn

from cardiolex.nn.batch_norm import GlobalBatchNorm


def test_in_one_process_it_is_torchs(seed=0):
    torch.manual_seed(seed)
    for shape in ((16, 5), (8, 5, 20)):
        ours, theirs = GlobalBatchNorm(5), nn.BatchNorm1d(5)
        for _ in range(3):
            x = 3 + 2 * torch.randn(shape)
            assert torch.allclose(ours(x), theirs(x), atol=1e-6)
        assert torch.allclose(ours.running_var, theirs.running_var)
        assert torch.allclose(ours.eval()(x), theirs.eval()(x), atol=1e-6)


def test_with_the_formula_of_several_processes_it_is_still_torchs(monkeypatch):
    monkeypatch.setattr("cardiolex.nn.batch_norm.several_processes", lambda: True)
    monkeypatch.setattr("cardiolex.nn.batch_norm.all_reduce_sum", lambda x: x)
    torch.manual_seed(1)
    for shape in ((16, 5), (8, 5, 20)):
        ours, theirs = GlobalBatchNorm(5), nn.BatchNorm1d(5)
        nn.init.uniform_(ours.weight)
        theirs.load_state_dict(ours.state_dict())
        x = (3 + 2 * torch.randn(shape)).requires_grad_()
        y = x.detach().clone().requires_grad_()
        a, b = ours(x), theirs(y)
        assert torch.allclose(a, b, atol=1e-5)
        (a**3).sum().backward()
        (b**3).sum().backward()
        assert torch.allclose(x.grad, y.grad, atol=1e-3)
        assert torch.allclose(ours.running_mean, theirs.running_mean, atol=1e-6)
        assert torch.allclose(ours.running_var, theirs.running_var, atol=1e-5)


def test_it_may_have_nothing_to_learn(monkeypatch):
    x = 3 + 2 * torch.randn(16, 5)
    expected = nn.BatchNorm1d(5, affine=False)(x)
    assert torch.allclose(GlobalBatchNorm(5, affine=False)(x), expected, atol=1e-6)
    monkeypatch.setattr("cardiolex.nn.batch_norm.several_processes", lambda: True)
    monkeypatch.setattr("cardiolex.nn.batch_norm.all_reduce_sum", lambda x: x)
    assert torch.allclose(GlobalBatchNorm(5, affine=False)(x), expected, atol=1e-5)


def test_maps_keep_their_precision():
    assert GlobalBatchNorm(5)(torch.randn(4, 5, 9, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert GlobalBatchNorm(5)(torch.randn(4, 5, dtype=torch.bfloat16)).dtype == torch.float32
