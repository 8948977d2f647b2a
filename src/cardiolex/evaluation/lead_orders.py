"""The orders in which leads can be added, and how often a subset counts in a Shapley value.

    phi(l) = sum over S without l of |S|! (n - |S| - 1)! / n! x (v(S + l) - v(S))

(Shapley 1953) is linear in v, so each subset has a weight for each lead. Exhaustive over all
2^n - 1 subsets; or from sampled orders, each with its reverse, which lowers the variance (Mitchell
et al., JMLR 2022). What a lead adds as the first and as the last one is known from single leads and
from all but one, so that only the places between are sampled; what is then missing to v of all
leads is divided among them, or among those that stood nowhere between. Shapes: C conditions, n
leads.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import in_order

Floats = NDArray[np.float64]
Subset = tuple[str, ...]


def coefficients(
    leads: Subset, orders: int | None, seed: int
) -> tuple[dict[Subset, Floats], list[Subset]]:
    """How often v(S) counts in the value of each lead: subset -> (n,); and the sampled orders.

    Single leads and all but one are always among the subsets, for `alone` and `without`.
    """
    n = len(leads)
    found: dict[Subset, Floats] = {leads: np.zeros(n)}
    for lead in leads:
        found[(lead,)] = np.zeros(n)
        found[tuple(one for one in leads if one != lead)] = np.zeros(n)
    if orders is None:
        for size in range(1, n + 1):
            inside = factorial(size - 1) * factorial(n - size) / factorial(n)
            outside = factorial(size) * factorial(n - size - 1) / factorial(n) if size < n else 0.0
            for subset in combinations(leads, size):
                found[subset] = np.array([inside if one in subset else -outside for one in leads])
        return found, []
    if orders < 2 or orders % 2:
        raise CardiolexError(f"{orders} orders: give an even number, each comes with its reverse")
    rng = np.random.default_rng(seed)
    sequences: list[Subset] = []
    for _ in range(orders // 2):
        order = tuple(leads[k] for k in rng.permutation(n))
        sequences += [order, order[::-1]]
    return found | _sampled(leads, sequences), sequences


def _sampled(leads: Subset, sequences: list[Subset]) -> dict[Subset, Floats]:
    """Weights (n,) of the subsets in the estimate from these orders."""
    n = len(leads)
    found: dict[Subset, Floats] = {}

    def count(order: Subset, k: int, weight: float) -> None:
        """Add `weight` times what the lead at place `k` of `order` adds."""
        lead = leads.index(order[k])
        found.setdefault(in_order(order[: k + 1]), np.zeros(n))[lead] += weight
        if k:
            found.setdefault(in_order(order[:k]), np.zeros(n))[lead] -= weight

    never_between = np.ones(n)
    for place, lead in enumerate(leads):
        others = tuple(one for one in leads if one != lead)
        count((lead, *others), 0, 1 / n)
        count((*others, lead), n - 1, 1 / n)
        between = [(order, order.index(lead)) for order in sequences]
        between = [(order, k) for order, k in between if 0 < k < n - 1]
        for order, k in between:
            count(order, k, (n - 2) / n / len(between))
        never_between[place] = not between
    share = never_between if never_between.any() else np.ones(n)
    for subset, weight in found.items():  # the values sum to v(all leads)
        weight += ((subset == leads) - weight.sum()) * share / share.sum()
    return found


def sampling_error(leads: Subset, gain: dict[Subset, Floats], sequences: list[Subset]) -> Floats:
    """Standard error (C, n) by the jackknife over pairs of an order and its reverse.

    NaN for a single pair, 0 where every subset was asked.
    """
    shape = (len(gain[leads]), len(leads))
    if not sequences:
        return np.zeros(shape)
    pairs = range(0, len(sequences), 2)
    if len(pairs) < 2:
        return np.full(shape, np.nan)
    without = [
        sum(
            (gain[subset][:, None] * weight for subset, weight in _sampled(leads, rest).items()),
            np.zeros(shape),
        )
        for rest in (sequences[:p] + sequences[p + 2 :] for p in pairs)
    ]
    spread = np.asarray(without) - np.mean(without, axis=0)
    return np.asarray(np.sqrt((len(pairs) - 1) / len(pairs) * (spread**2).sum(axis=0)))
