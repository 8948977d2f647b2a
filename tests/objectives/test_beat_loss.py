"""The beat loss against a plain loop; unknown entries take no part."""

import math

import torch

from cardiolex.objectives.beats import beat_loss


def test_it_is_the_mean_over_columns_of_means_over_known_entries():
    torch.manual_seed(0)
    outputs, targets = torch.randn(2, 3, 4), torch.rand(2, 3, 4)
    targets[..., :2] = targets[..., :2].round()
    targets[0, 1, 0] = targets[1, 2, 3] = torch.nan
    total = 0.0
    for k in range(4):
        errors = []
        for o, t in zip(
            outputs[..., k].flatten().tolist(), targets[..., k].flatten().tolist(), strict=True
        ):
            if math.isnan(t):
                continue
            if k < 2:
                errors.append(math.log1p(math.exp(o)) - t * o)
            else:
                d = abs(o - t)
                errors.append(d - 0.05 if d > 0.1 else d * d / 0.2)
        total += sum(errors) / len(errors) / 4
    assert math.isclose(float(beat_loss(outputs, targets, 2)), total, rel_tol=1e-5)


def test_a_column_of_which_nothing_is_known_costs_nothing():
    outputs = torch.randn(2, 3, 4, requires_grad=True)
    targets = torch.full((2, 3, 4), torch.nan)
    loss = beat_loss(outputs, targets, 2)
    loss.backward()
    assert float(loss.detach()) == 0 and not outputs.grad.any()
