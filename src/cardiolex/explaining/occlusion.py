"""Relevance by taking away one stretch of a lead after another (Zeiler 2014, arXiv:1311.2901)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cardiolex.explaining.pieces import Pieces

STRETCH_S = 0.4  # taken away at once


def occlusion(pieces: Pieces, stretch_s: float = STRETCH_S) -> NDArray[np.float32]:
    """Fall of the logit without a stretch of one lead, given to each piece of the stretch."""
    leads, count = pieces.there.shape
    wide = max(1, round(stretch_s / pieces.segment_s))
    places = [
        (lead, slice(first, first + wide))
        for lead in range(leads)
        for first in range(0, count, wide)
        if pieces.there[lead, first : first + wide].any()
    ]
    kept = np.repeat(pieces.there[None], len(places) + 1, axis=0)
    for row, (lead, stretch) in enumerate(places):
        kept[row, lead, stretch] = False
    some = kept.any(axis=(1, 2))  # where nothing would be left, nothing can be asked
    logits = np.full(len(kept), np.nan)
    logits[some] = pieces.logits(kept[some])
    found = np.zeros(pieces.there.shape, np.float32)
    for row, (lead, stretch) in enumerate(places):
        found[lead, stretch] = np.nan_to_num(logits[-1] - logits[row])
    return np.where(pieces.there, found, np.float32(0))
