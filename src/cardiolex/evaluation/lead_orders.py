"""The orders in which leads can be added, and how often a subset counts in a Shapley value.

    phi(l) = sum over S without l of |S|! (n - |S| - 1)! / n! x (v(S + l) - v(S))

(Shapley 1953) is linear in v, so each subset has a weight for each lead. Exhaustive over all
2^n - 1 subsets, or the mean over sampled orders, each with its reverse, which lowers the variance
(Mitchell et al., JMLR 2022). Shapes: C conditions, n leads.
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
    place = {lead: k for k, lead in enumerate(leads)}
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
    for order in sequences:
        for k, lead in enumerate(order):
            subset = in_order(order[: k + 1])
            weight = found.setdefault(subset, np.zeros(n))
            weight[place[lead]] += 1 / orders
            if k + 1 < n:
                weight[place[order[k + 1]]] -= 1 / orders
    return found, sequences


def sampling_error(leads: Subset, gain: dict[Subset, Floats], sequences: list[Subset]) -> Floats:
    """Standard error (C, n) of the mean over pairs of an order and its reverse.

    NaN for a single pair, 0 where every subset was asked.
    """
    shape = (len(gain[leads]), len(leads))
    if not sequences:
        return np.zeros(shape)
    pairs = []
    for order, reverse in zip(sequences[::2], sequences[1::2], strict=True):
        pairs.append((_gains(leads, gain, order) + _gains(leads, gain, reverse)) / 2)
    if len(pairs) < 2:
        return np.full(shape, np.nan)
    return np.asarray(np.std(pairs, axis=0, ddof=1) / np.sqrt(len(pairs)))


def _gains(leads: Subset, gain: dict[Subset, Floats], order: Subset) -> Floats:
    """What each lead adds in this order: (C, n)."""
    found = np.empty((len(gain[leads]), len(leads)))
    before = np.zeros(len(gain[leads]))
    for k, lead in enumerate(order):
        now = gain[in_order(order[: k + 1])]
        found[:, leads.index(lead)] = now - before
        before = now
    return found
