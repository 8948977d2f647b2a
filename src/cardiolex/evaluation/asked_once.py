"""Questions of several tables put to each recording in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cardiolex.evaluation.loading import LoadedTable, Score
from cardiolex.recordings.recording import Recording

Logits = Callable[[Sequence[Recording], Sequence[str], Sequence[str] | None], NDArray[np.floating]]


class AskedOnce:
    """A `Score` that asks a recording for the conditions of all `tables` at once and remembers.

    Tables often share recordings, and a system's answer to one question does not depend on the
    others, so nothing but time is saved. Recordings are told apart by file and id.
    """

    def __init__(self, logits: Logits, tables: Sequence[LoadedTable]) -> None:
        self.logits = logits
        self.conditions = list(dict.fromkeys(c for one in tables for c in one.table.conditions))
        self.place = {condition: i for i, condition in enumerate(self.conditions)}
        self.known: dict[tuple[str, str, tuple[str, ...] | None], NDArray[np.floating]] = {}

    def __call__(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str],
        leads: Sequence[str] | None,
    ) -> NDArray[np.float64]:
        """Probabilities (N, C) before any calibration."""
        chosen = None if leads is None else tuple(leads)
        keys = [(one.source or f"object {id(one)}", one.id, chosen) for one in recordings]
        new = [i for i, key in enumerate(keys) if key not in self.known]
        if new:
            answers = self.logits([recordings[i] for i in new], self.conditions, leads)
            self.known.update(zip((keys[i] for i in new), answers, strict=True))
        columns = [self.place[condition] for condition in conditions]
        return expit(np.stack([self.known[key] for key in keys])[:, columns].astype(np.float64))


def together(score: Score, every: Sequence[str]) -> Score:
    """A `Score` that always asks for `every` condition and gives those that were wanted.

    In front of kept answers, tables with other conditions on the same recordings find theirs there.
    """
    place = {condition: i for i, condition in enumerate(every)}

    def asked(
        recordings: Sequence[Recording], conditions: Sequence[str], leads: Sequence[str] | None
    ) -> NDArray[np.floating]:
        return score(recordings, every, leads)[:, [place[one] for one in conditions]]

    return asked
