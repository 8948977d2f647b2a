"""What a model answers for every recording of a truth table: the one input of most protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.loading import LoadedTable, Progress, Score, score_in_batches
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

LEVEL = 0.95
Features = Callable[[Sequence[Recording], Sequence[str] | None], NDArray[np.floating]]


class NothingToMeasure(CardiolexError):
    """No recording has the leads, or no condition has enough positives and negatives."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities (N, C) and labels (N, C; 1, 0, NaN) of `recordings` and `conditions`.

    `leads` None means all leads of each recording; `lacking_leads` are records left out because
    they lack one of `leads`; `patients_from` says where `patients` (N,) are known from.
    """

    table: str
    model: str
    leads: tuple[str, ...] | None
    records: tuple[str, ...]
    recordings: tuple[Recording, ...]
    patients: tuple[str, ...]
    patients_from: str
    conditions: tuple[str, ...]
    labels: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    lacking_leads: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def only(self, conditions: NDArray[np.bool_]) -> Answers:
        """These conditions (a mask over them) of the same recordings."""
        named = [name for name, kept in zip(self.conditions, conditions, strict=True) if kept]
        return replace(
            self,
            conditions=tuple(named),
            labels=self.labels[:, conditions],
            probabilities=self.probabilities[:, conditions],
        )


def ask(
    score: Score,
    loaded: LoadedTable,
    leads: Sequence[str] | None = None,
    *,
    model: str = "",
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Answers:
    """Put every condition of the table to `score(recordings, conditions, leads)`.

    With `leads`, recordings that lack one of them are left out and listed. NothingToMeasure if
    none has them.
    """
    table = loaded.table
    usable, lacking = with_leads(loaded, leads)
    recordings = [loaded.recordings[i] for i in usable]
    probabilities = score_in_batches(
        score, recordings, table.conditions, leads, batch_size=batch_size, progress=progress
    )
    patients, source = loaded.patients()
    return Answers(
        table=table.name,
        model=model,
        leads=None if leads is None else tuple(leads),
        records=tuple(table.records[loaded.rows[i]] for i in usable),
        recordings=tuple(recordings),
        patients=tuple(patients[i] for i in usable),
        patients_from=source,
        conditions=table.conditions,
        labels=table.labels[loaded.rows[usable]],
        probabilities=probabilities,
        lacking_leads=tuple(table.records[loaded.rows[i]] for i in lacking),
        unreadable=loaded.unreadable,
    )


def with_leads(
    loaded: LoadedTable, leads: Sequence[str] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the recordings that have all `leads`, and of the others."""
    unknown = [lead for lead in leads or () if lead not in LEADS]
    if unknown or (leads is not None and not leads):
        raise CardiolexError(f"leads {list(leads or ())}: give names among {', '.join(LEADS)}")
    wanted = set(leads or ())
    has = np.array([wanted <= set(recording.leads) for recording in loaded.recordings])
    if not has.any():
        raise NothingToMeasure(
            f"{loaded.table.name}: no recording has the leads {list(leads or ())}"
        )
    return np.flatnonzero(has), np.flatnonzero(~has)


def having(loaded: LoadedTable, leads: Sequence[str] | None) -> LoadedTable:
    """The table with its recordings that have all `leads`. NothingToMeasure if none has them."""
    kept, _ = with_leads(loaded, leads)
    recordings = tuple(loaded.recordings[i] for i in kept)
    return replace(loaded, recordings=recordings, rows=loaded.rows[kept])


def embed_in_batches(
    features: Features,
    recordings: Sequence[Recording],
    leads: Sequence[str] | None,
    *,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Vectors (N, D) of `features(recordings, leads)`, `batch_size` recordings at a time."""
    rows = []
    for start in range(0, len(recordings), batch_size):
        part = recordings[start : start + batch_size]
        rows.append(np.asarray(features(part, leads), np.float32))
        if progress is not None:
            progress(start + len(part), len(recordings))
    return np.concatenate(rows)


def ask_shared(
    score: Score,
    loaded: Sequence[LoadedTable],
    subsets: Sequence[Sequence[str] | None],
    *,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> None:
    """Ask every record once for the conditions of all tables that hold it, with each of `subsets`.

    The answers are for `KeptScores` to remember; records are the same where their paths are.
    """
    groups: dict[tuple[str, ...], dict[str, Recording]] = {}
    asked: dict[str, tuple[Recording, list[str]]] = {}
    for one in loaded:
        for row, recording in zip(one.rows, one.recordings, strict=True):
            path = str(one.table.root / one.table.records[row])
            asked.setdefault(path, (recording, []))[1].extend(one.table.conditions)
    for path, (recording, named) in asked.items():
        groups.setdefault(tuple(dict.fromkeys(named)), {})[path] = recording
    total, done = len(asked) * len(subsets), 0
    for conditions, recordings in groups.items():
        for leads in subsets:
            able = [r for r in recordings.values() if set(leads or ()) <= set(r.leads)]
            for start in range(0, len(able), batch_size):
                score(able[start : start + batch_size], conditions, leads)
                if progress is not None:
                    progress(done + start, total)
            done += len(recordings)
