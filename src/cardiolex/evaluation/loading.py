"""The recordings of a truth table, read once and kept for every question asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.truth import TruthTable
from cardiolex.recordings.recording import Recording

Read = Callable[[Path], Recording]
Score = Callable[[Sequence[Recording], Sequence[str], Sequence[str] | None], NDArray[np.floating]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class LoadedTable:
    """The readable recordings of `table`, and the others with the reason.

    `rows` (N,) are the places of `recordings` in the table.
    """

    table: TruthTable
    recordings: tuple[Recording, ...]
    rows: NDArray[np.intp]
    unreadable: tuple[tuple[str, str], ...]

    def patients(self) -> tuple[list[str], str]:
        """Whose each recording is, and where that is known from.

        The table's column counts most, then the patients named in the recordings (if all name
        one); otherwise every record is taken as a patient of its own.
        """
        if self.table.patients is not None:
            return [self.table.patients[row] for row in self.rows], "truth table"
        named = [recording.patient for recording in self.recordings]
        if named and all(named):
            return [str(name) for name in named], "recordings"
        return [self.table.records[row] for row in self.rows], "every record taken as a patient"


def load_table(table: TruthTable, read: Read, *, progress: Progress | None = None) -> LoadedTable:
    """Read every record of `table` with `read(path)`; a record that fails is listed, not raised.

    `progress(done, total)` is called after each record. CardiolexError if none can be read.
    """
    recordings, rows, unreadable = [], [], []
    for row, path in enumerate(table.paths()):
        try:
            recordings.append(read(path))
            rows.append(row)
        except (ValueError, OSError) as error:
            unreadable.append((table.records[row], f"{type(error).__name__}: {error}"))
        if progress is not None:
            progress(row + 1, len(table.records))
    if not recordings:
        raise CardiolexError(
            f"no record of {table.name} can be read; the first says: {unreadable[0][1]}"
        )
    return LoadedTable(table, tuple(recordings), np.array(rows, np.intp), tuple(unreadable))


def score_in_batches(
    score: Score,
    recordings: Sequence[Recording],
    conditions: Sequence[str],
    leads: Sequence[str] | None,
    *,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Probabilities (N, C) of `recordings`, asked `batch_size` at a time.

    CardiolexError if an answer has another shape, is not finite, or lies outside 0 to 1.
    """
    answers = np.empty((len(recordings), len(conditions)))
    for start in range(0, len(recordings), batch_size):
        batch = recordings[start : start + batch_size]
        answer = np.asarray(score(batch, conditions, leads), np.float64)
        if answer.shape != (len(batch), len(conditions)):
            raise CardiolexError(
                f"the model answered {answer.shape} for {len(batch)} recordings and "
                f"{len(conditions)} conditions"
            )
        _check_probabilities(answer, batch, conditions)
        answers[start : start + len(batch)] = answer
        if progress is not None:
            progress(start + len(batch), len(recordings))
    return answers


def _check_probabilities(
    answer: NDArray[np.float64], batch: Sequence[Recording], conditions: Sequence[str]
) -> None:
    wrong = ~((answer >= 0) & (answer <= 1))
    if wrong.any():
        n, c = np.argwhere(wrong)[0]
        raise CardiolexError(
            f"the model gave {answer[n, c]} for {conditions[c]!r} of recording "
            f"{batch[n].id or batch[n].source!r}; probabilities lie in 0 to 1"
        )
