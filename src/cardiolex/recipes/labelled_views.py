"""Labelled recordings as both halves of a model see them: logits of the signal, measurements.

Each window of each recording is looked at three times: with all its leads, with one and with a few,
so that what is learned of it serves any leads. Shapes: N views, K values, Q conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.capabilities import ScoresQueries
from cardiolex.checkpoint import Checkpoint
from cardiolex.datasets.measured import lead_views
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.loading import LoadedTable
from cardiolex.nn.by_shape import by_shape
from cardiolex.recordings.measurements.windows import measure_window
from cardiolex.recordings.recording import Recording
from cardiolex.reports.prompts import wordings

KINDS = ("all leads", "one lead", "a few leads")
"""Of the views of a window, in their order."""
_LEADS_AT_ONCE = 96

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class LabelledViews:
    """`signal` (N, Q) logits, `measured` (N, K) with NaN, `labels` (N, Q) of 1, 0 and NaN.

    `record` (N,) is the place of a view in `records`, `kind` (N,) that in `KINDS`; `patients` has
    one name for each of `records`. `conditions` (Q) are canonical where the vocabulary has one, and
    `queries` (Q, Dt) their text vectors.
    """

    conditions: tuple[str, ...]
    queries: Tensor
    records: tuple[str, ...]
    patients: tuple[str, ...]
    signal: Tensor
    measured: Tensor
    labels: Tensor
    record: NDArray[np.intp]
    kind: NDArray[np.intp]

    def by_record(
        self, logits: NDArray[np.floating], kind: int
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Mean logits (R, Q) over the windows of each record seen as `kind`, and the records."""
        rows = np.flatnonzero(self.kind == kind)
        records, place = np.unique(self.record[rows], return_inverse=True)
        total = np.zeros((len(records), logits.shape[1]))
        np.add.at(total, place, logits[rows])
        return total / np.bincount(place)[:, None], records

    def labels_of(self, records: NDArray[np.intp]) -> NDArray[np.float32]:
        """Labels (R, Q) of `records`."""
        first = {int(record): row for row, record in reversed(list(enumerate(self.record)))}
        return np.asarray(self.labels[[first[int(record)] for record in records]].numpy())


def labelled_views(
    checkpoint: Checkpoint,
    tables: Sequence[LoadedTable],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> LabelledViews:
    """Look at every recording of `tables`; one that stands in several is looked at once.

    CardiolexError if the model cannot be asked for conditions, or two tables contradict each other.
    """
    if checkpoint.text is None or not isinstance(checkpoint.system, ScoresQueries):
        raise CardiolexError(f"{checkpoint.name}: cannot be asked for conditions in words")
    merged = _Merged(checkpoint, tables)
    texts = [
        wordings(name, checkpoint.vocabulary, checkpoint.prompts)[0] for name in merged.conditions
    ]
    queries = checkpoint.encode_queries(texts).float()
    rows: list[tuple[NDArray[np.float32], NDArray[np.float32], int, int]] = []
    for place, recording in enumerate(merged.recordings.values()):
        rows += [
            (*seen, place, kind)
            for kind, seen in _views(checkpoint, recording, queries, (seed, place))
        ]
        if progress is not None:
            progress(place + 1, len(merged.recordings))
    signal, measured, record, kind = zip(*rows, strict=True)
    labels = np.stack([merged.labels[path] for path in merged.recordings])
    return LabelledViews(
        conditions=merged.conditions,
        queries=queries,
        records=tuple(merged.recordings),
        patients=tuple(merged.patients[path] for path in merged.recordings),
        signal=torch.from_numpy(np.stack(signal)),
        measured=torch.from_numpy(np.stack(measured)),
        labels=torch.from_numpy(labels[list(record)]),
        record=np.array(record, np.intp),
        kind=np.array(kind, np.intp),
    )


def _views(
    checkpoint: Checkpoint, recording: Recording, queries: Tensor, seed: tuple[int, int]
) -> list[tuple[int, tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """(kind, (logits of the signal (Q,), measurements (K,))) of all views of a recording."""
    system, fs = checkpoint.system, checkpoint.preprocess.fs
    assert isinstance(system, ScoresQueries)
    windows = checkpoint.preprocess.windows(recording)
    rng = np.random.default_rng(seed)
    masks = [lead_views(mask, rng) for mask in windows.lead_mask]
    kinds, leads, ecg, samples = [], [], [], []
    for window, sets in enumerate(masks):
        for kind, mask in enumerate(sets):
            kinds.append(kind)
            leads.append(mask)
            ecg.append(windows.ecg[window] * mask[:, None])
            samples.append(windows.sample_mask[window])
    measured = [measure_window(*row, fs) for row in zip(ecg, leads, samples, strict=True)]

    def ask(ecg: Tensor, leads: Tensor, samples: Tensor) -> NDArray[np.float32]:
        return np.asarray(system.score_queries(ecg, leads, samples, queries).float().numpy())

    with torch.inference_mode():
        seen, shown, recorded = (torch.from_numpy(np.stack(one)) for one in (ecg, leads, samples))
        signal = by_shape(ask, seen, shown, recorded, _LEADS_AT_ONCE, torch.device("cpu"))
    return list(zip(kinds, zip(signal, measured, strict=True), strict=True))


class _Merged:
    """The recordings of all tables by path, with the labels of all tables by canonical name."""

    def __init__(self, checkpoint: Checkpoint, tables: Sequence[LoadedTable]) -> None:
        vocabulary = checkpoint.vocabulary
        names = [
            [vocabulary.resolve(condition) or condition for condition in loaded.table.conditions]
            for loaded in tables
        ]
        self.conditions = tuple(dict.fromkeys(name for table in names for name in table))
        self.recordings: dict[str, Recording] = {}
        self.patients: dict[str, str] = {}
        self.labels: dict[str, NDArray[np.float32]] = {}
        for loaded, columns in zip(tables, names, strict=True):
            self._add(loaded, columns)

    def _add(self, loaded: LoadedTable, names: Sequence[str]) -> None:
        paths = list(loaded.table.paths())
        patients, _ = loaded.patients()
        for recording, row, patient in zip(loaded.recordings, loaded.rows, patients, strict=True):
            path = str(Path(paths[row]))
            self.recordings.setdefault(path, recording)
            if loaded.table.patients is not None or path not in self.patients:
                self.patients[path] = patient
            known = self.labels.setdefault(path, np.full(len(self.conditions), np.nan, np.float32))
            self._label(path, known, dict(zip(names, loaded.table.labels[row], strict=True)))

    def _label(
        self, path: str, known: NDArray[np.float32], labels: Mapping[str, np.floating]
    ) -> None:
        for name, label in labels.items():
            column = self.conditions.index(name)
            if known[column] == 1 - label:
                raise CardiolexError(f"{path}: {name!r} is 0 in one table and 1 in another")
            if not np.isnan(label):
                known[column] = label
