"""Relevance and deletion test of the windows of one recording, for one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.capabilities import ScoresQueries
from cardiolex.explaining.deletion import DRAWS, SHARES, falls
from cardiolex.explaining.relevance import Method, relevance
from cardiolex.explaining.torch_pieces import SignalPieces, TokenPieces, pieces_of
from cardiolex.explanation import DeletionTest
from cardiolex.recordings.preprocess import Windows

MOST_WINDOWS = 2


@dataclass(frozen=True)
class Explained:
    """Relevance of the windows at `rows` (W,), with their logits (W,) and the deletion test."""

    rows: NDArray[np.intp]
    logits: NDArray[np.float64]
    relevance: NDArray[np.float32]  # (W, 12, M)
    recorded: NDArray[np.bool_]  # (W, 12, M)
    segment_s: float
    deletion: DeletionTest


def explain_windows(
    system: ScoresQueries,
    windows: Windows,
    fs: float,
    vector: Tensor,
    method: Method,
    *,
    most: int = MOST_WINDOWS,
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
    seed: int = 0,
) -> Explained:
    """Explain the answer to `vector` (Dt,) in the `most` windows with the highest logits.

    `fs` is the rate of the windows in Hz. The same `seed` gives the same test.
    """
    each = window_pieces(system, windows, fs, vector)
    everything = np.array([pieces.logits(pieces.there[None])[0] for pieces in each])
    rows = np.sort(np.argsort(-everything, kind="stable")[:most])
    marks, marked, random = [], [], []
    for row in rows:
        found = relevance(each[row], method)
        fallen, at_random = falls(each[row], found, everything[row], shares, draws, seed + int(row))
        marks.append(found)
        marked.append(fallen)
        random.append(at_random)
    return Explained(
        rows=rows,
        logits=everything[rows],
        relevance=np.stack(marks),
        recorded=np.stack([each[row].there for row in rows]),
        segment_s=each[0].segment_s,
        deletion=DeletionTest(
            tuple(shares), np.mean(marked, axis=0), np.mean(random, axis=0), each[0].removal
        ),
    )


def window_pieces(
    system: ScoresQueries, windows: Windows, fs: float, vector: Tensor
) -> list[TokenPieces | SignalPieces]:
    """The pieces of each window; `vector` (Dt,) on the device of the system."""
    seconds = windows.ecg.shape[2] / fs
    return [
        pieces_of(
            system,
            torch.from_numpy(windows.ecg[w : w + 1]).to(vector.device),
            torch.from_numpy(windows.lead_mask[w : w + 1]).to(vector.device),
            torch.from_numpy(windows.sample_mask[w : w + 1]).to(vector.device),
            vector[None],
            seconds,
        )
        for w in range(len(windows))
    ]
