from itertools import pairwise, permutations

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation import ranking
from cardiolex.evaluation.ranking import first_relevant


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def at_scores(scores):
    """A query and a gallery whose cosines with it are `scores`."""
    s = np.asarray(scores, np.float64)
    return unit([[1, 0]]), np.stack([s, np.sqrt(1 - s**2)], axis=1).astype(np.float32)


def by_all_orders(scores, relevant, ks):
    """Mean rank of the first relevant item and hit rates over all orders that the scores allow."""
    ranks = [
        1 + next(place for place, item in enumerate(order) if relevant[item])
        for order in permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    return np.mean(ranks), [np.mean(np.array(ranks) <= k) for k in ks]


def test_ranks_made_by_hand():
    query, gallery = at_scores([0.9, 0.1, 0.5, 0.7])
    found = first_relevant(query.repeat(4, 0), gallery, [0, 1, 2, 7], [0, 1, 2, 3])
    np.testing.assert_array_equal(found.rank(), [1, 4, 3, np.nan])
    np.testing.assert_array_equal(found.hit(3), [1, 0, 1, np.nan])
    np.testing.assert_array_equal(found.answerable, [True, True, True, False])


@pytest.mark.parametrize(
    ("scores", "relevant"),
    [
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0]),
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0]),
        ([0.9, 0.5, 0.5, 0.5, 0.1], [0, 0, 1, 1, 1]),
        ([0.9, 0.9, 0.5, 0.5, 0.5], [0, 0, 1, 0, 0]),
        ([0.2, 0.3, 0.3, 0.3, 0.3, 0.1], [1, 0, 0, 0, 0, 1]),
        ([0.4, 0.4], [1, 1]),
    ],
)
def test_ties_count_as_the_mean_over_all_their_orders(scores, relevant):
    query, gallery = at_scores(scores)
    found = first_relevant(query, gallery, [1], relevant)
    rank, hits = by_all_orders(scores, relevant, ks := range(1, 7))
    np.testing.assert_allclose(found.rank(), rank)
    np.testing.assert_allclose([found.hit(k)[0] for k in ks], hits, atol=1e-12)


def test_chance_is_a_ranking_where_everything_ties():
    relevant = [1, 0, 0, 1, 0]
    rank, hits = by_all_orders([0] * 5, relevant, ks := (1, 2, 5))
    query, gallery = at_scores([0.1, 0.2, 0.3, 0.4, 0.5])
    found = first_relevant(query, gallery, [1], relevant)
    np.testing.assert_allclose(found.chance_rank(), rank)
    np.testing.assert_allclose([found.chance_hit(k)[0] for k in ks], hits, atol=1e-12)


def brute(queries, gallery, wanted, groups, own=None):
    """Ranks of a gallery without ties, one query at a time, in doubles."""
    ranks = []
    for n, query in enumerate(queries):
        scores = gallery.astype(float) @ query.astype(float)
        items = [i for i in np.argsort(-scores) if own is None or i != own[n]]
        places = [rank for rank, i in enumerate(items, 1) if groups[i] == wanted[n]]
        ranks.append(places[0] if places else np.nan)
    return ranks


@pytest.mark.parametrize("chunk", [1, 700, 10**7])
def test_agrees_with_a_plain_search_in_any_chunks(chunk, monkeypatch):
    monkeypatch.setattr(ranking, "CHUNK", chunk)
    rng = np.random.default_rng(0)
    queries, gallery = unit(rng.normal(size=(60, 8))), unit(rng.normal(size=(90, 8)))
    wanted, groups = rng.integers(40, size=60), rng.integers(40, size=90)
    found = first_relevant(queries, gallery, wanted, groups)
    np.testing.assert_array_equal(found.rank(), brute(queries, gallery, wanted, groups))
    among = first_relevant(gallery, gallery, groups, groups, own=np.arange(90))
    np.testing.assert_array_equal(
        among.rank(), brute(gallery, gallery, groups, groups, np.arange(90))
    )
    np.testing.assert_array_equal(among.ranked, np.full(90, 89))


def test_the_order_of_the_gallery_changes_nothing_even_where_vectors_repeat():
    rng = np.random.default_rng(1)
    gallery = unit(rng.normal(size=(50, 16)))[rng.integers(50, size=400)]
    groups = rng.integers(30, size=400)
    queries, wanted = gallery[:100], groups[:100]
    found = first_relevant(queries, gallery, wanted, groups, own=np.arange(100))
    order = rng.permutation(400)
    own = np.argsort(order)[:100]
    again = first_relevant(queries, gallery[order], wanted, groups[order], own=own)
    np.testing.assert_array_equal(again.rank(), found.rank())
    for k in (1, 5, 10):
        np.testing.assert_array_equal(again.hit(k), found.hit(k))


def test_equal_vectors_tie_exactly_whatever_their_place():
    """Products of float32 rows may differ in the last bit by their place in a matrix."""
    rng = np.random.default_rng(2)
    rows = unit(rng.normal(size=(7, 257)))
    gallery = rows[np.arange(701) % 7]
    found = first_relevant(rows, gallery, np.arange(7), np.arange(701))  # its own item only
    np.testing.assert_array_equal(found.better, 0)
    np.testing.assert_array_equal(found.tied, np.bincount(np.arange(701) % 7))
    np.testing.assert_allclose(found.rank(), (found.tied + 1) / 2)


def test_a_query_never_finds_itself_but_finds_its_twin():
    gallery = unit([[1, 0], [0, 1], [1, 1], [0, 1]])
    groups = [0, 1, 2, 1]
    found = first_relevant(gallery, gallery, groups, groups, own=range(4))
    np.testing.assert_array_equal(found.answerable, [False, True, False, True])
    np.testing.assert_array_equal(found.rank()[[1, 3]], [1, 1])
    alone = first_relevant(gallery, gallery, range(4), range(4), own=range(4))
    assert not alone.answerable.any() and np.isnan(alone.rank()).all()


@pytest.mark.parametrize(
    ("queries", "gallery", "wanted", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), [0, 1], "3 dimensions, the gallery 4"),
        (np.ones((2, 3)), np.ones((2, 3)), [0], "groups"),
        (np.ones((0, 3)), np.ones((2, 3)), [], "queries must be vectors"),
        (np.full((2, 3), np.nan), np.ones((2, 3)), [0, 1], "row 0 of the queries is not finite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(queries, gallery, wanted, message):
    with pytest.raises(CardiolexError, match=message):
        first_relevant(queries, gallery, wanted, [0, 1])
