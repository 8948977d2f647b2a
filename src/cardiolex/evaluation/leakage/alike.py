"""Pairs of nearly equal signatures among many, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.97
"""Smallest product of two signatures that counts as one ECG."""
ALL_PAIRS = 8192
_TABLES, _BITS, _NEAR = 24, 16, 64


def alike(signatures: NDArray[np.float32], least: float = ALIKE) -> list[tuple[int, int, float]]:
    """Pairs (i, j, product), i < j, of rows (N, 128) whose product is at least `least`.

    Up to 8192 rows all pairs are compared. Beyond, only rows that agree in 16 signs of random
    directions, in any of 24 tables (locality-sensitive hashing): copies are always found, a pair
    of product 0.99 with 99.99 % probability.
    """
    if len(signatures) <= ALL_PAIRS:
        found = dict(_compared(signatures, least))
    else:
        found = dict(_hashed(signatures, least))
    return sorted((i, j, value) for (i, j), value in found.items())


def _compared(
    signatures: NDArray[np.float32], least: float
) -> Iterator[tuple[tuple[int, int], float]]:
    for first in range(0, len(signatures), 1024):
        products = signatures[first : first + 1024] @ signatures.T
        for i, j in np.argwhere(products >= least):
            if first + i < j:
                yield (first + int(i), int(j)), float(products[i, j])


def _hashed(
    signatures: NDArray[np.float32], least: float
) -> Iterator[tuple[tuple[int, int], float]]:
    rng = np.random.default_rng(0)
    powers = 1 << np.arange(_BITS)
    for _ in range(_TABLES):
        planes = rng.standard_normal((signatures.shape[1], _BITS + 1)).astype(np.float32)
        placed = signatures @ planes
        keys = (placed[:, :_BITS] > 0) @ powers
        order = np.lexsort((placed[:, _BITS], keys))  # neighbours within a key are alike
        for step in range(1, _NEAR):
            i, j = order[:-step], order[step:]
            same = keys[i] == keys[j]
            if not same.any():
                break
            i, j = i[same], j[same]
            products = np.einsum("nd,nd->n", signatures[i], signatures[j])
            for n in np.flatnonzero(products >= least):
                a, b = sorted((int(i[n]), int(j[n])))
                yield (a, b), float(products[n])
