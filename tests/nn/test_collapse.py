"""Figures that show whether embeddings collapse."""

import pytest
import torch

from cardiolex.nn.collapse import collapse_figures, effective_rank, feature_std


def test_equal_embeddings_have_neither_spread_nor_rank():
    figures = collapse_figures(torch.ones(10, 4, requires_grad=True))
    assert figures["feature_std"] == pytest.approx(0, abs=1e-6)
    assert figures["effective_rank"] == pytest.approx(0, abs=1e-6)
    assert not figures["feature_std"].requires_grad


def test_full_embeddings_fill_the_sphere_and_all_directions():
    torch.manual_seed(0)
    z = torch.randn(4096, 16)
    assert feature_std(z) == pytest.approx(1.0, abs=0.02)
    assert effective_rank(z) == pytest.approx(16, rel=0.02)


@pytest.mark.parametrize("directions", [1, 2, 5])
@pytest.mark.parametrize("width", [8, 300])  # fewer and more than rows
def test_rank_counts_directions_of_equal_size(directions, width):
    rows = torch.zeros(2 * directions, width)
    for i in range(directions):
        rows[2 * i, i], rows[2 * i + 1, i] = 3.0, -3.0
    assert effective_rank(rows + 7.0) == pytest.approx(directions, rel=1e-3)


def test_broken_embeddings_give_no_number_and_no_error():
    z = torch.randn(6, 3)
    z[2, 1] = torch.inf
    assert effective_rank(z).isnan()
