"""The deletion test on answers that are known: a logit that is a sum of what each piece adds."""

import numpy as np
import pytest

from cardiolex.explaining.deletion import falls
from cardiolex.explaining.occlusion import occlusion
from cardiolex.explanation import DeletionTest


class Sum:
    """Pieces of which each adds a known amount to the logit."""

    segment_s, removal = 0.2, "absent"

    def __init__(self, adds, there):
        self.adds, self.there = adds, there

    def logits(self, kept):
        assert not (kept & ~self.there).any()
        return (kept * self.adds).sum(axis=(1, 2)) - 1.0


@pytest.fixture
def known():
    rng = np.random.default_rng(5)
    there = np.ones((12, 20), bool)
    there[6:] = False
    there[:, 18:] = False
    return Sum(rng.gamma(0.3, 1.0, there.shape), there)


def deleted(known, relevance, **options):
    logit = known.logits(known.there[None])[0]
    shares = (0.05, 0.2)
    return DeletionTest(shares, *falls(known, relevance, logit, shares, **options), "absent")


def test_the_true_relevance_falls_by_the_sum_of_what_is_taken_away(known):
    found = deleted(known, known.adds)
    most = np.sort(known.adds[known.there])[::-1]
    assert found.marked == pytest.approx([most[:5].sum(), most[:22].sum()])
    assert found.passed and found.beaten == 1.0


def test_random_pieces_take_away_their_share(known):
    found = deleted(known, known.adds, draws=400)
    total = known.adds[known.there].sum()
    assert found.random_mean == pytest.approx([total * 5 / 108, total * 22 / 108], rel=0.15)


def test_a_picture_that_says_nothing_fails(known):
    nothing = np.random.default_rng(1).random(known.there.shape)
    assert not deleted(known, nothing).passed
    assert not deleted(known, -known.adds).passed
    assert "logit falls by" in deleted(known, nothing).sentence()


def test_the_same_seed_gives_the_same_test(known):
    first, second = (deleted(known, known.adds, seed=3) for _ in range(2))
    assert np.array_equal(first.random, second.random)
    assert not np.array_equal(first.random, deleted(known, known.adds, seed=4).random)


def test_one_piece_cannot_be_taken_away():
    there = np.zeros((12, 20), bool)
    there[1, 0] = True
    found = deleted(Sum(np.ones(there.shape), there), np.ones(there.shape))
    assert np.all(found.marked == 0) and np.all(found.random == 0)


def test_occlusion_finds_what_a_stretch_adds(known):
    known.there[3, 17] = False  # half a stretch that was not recorded
    known.adds[:] = 0
    known.adds[3, 16] = 0.25
    known.adds[3, 4], known.adds[3, 5], known.adds[1, 9] = 1.0, 0.5, -2.0
    found = occlusion(known)
    assert found[3, 4] == found[3, 5] == pytest.approx(1.5)
    assert found[1, 8] == found[1, 9] == pytest.approx(-2.0)
    assert found[3, 16] == pytest.approx(0.25) and found[3, 17] == 0
    assert np.count_nonzero(found) == 5
