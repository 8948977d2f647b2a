"""Truth tables for `cardiolex evaluate` of what a prepared data set tells about its recordings."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry
from cardiolex.files import atomic_write
from cardiolex.reports.vocabulary import Vocabulary

LEAST = 3
"""Conditions of fewer recordings get no column: nothing can be measured on them."""


def write_truths(
    folder: Path,
    entries: Callable[[], Iterable[Entry]],
    truth_of: Callable[[Entry], Truth],
    vocabulary: Vocabulary,
    failed: Collection[str],
) -> list[Path]:
    """Write truth-train.csv, -val, -test, or truth-all where the data set has no parts.

    One column per condition that at least three recordings have, superclasses included: 1, 0, or
    nothing where it was not looked for. Recordings in `failed` and rows of files of many
    recordings, which a path cannot name, are left out. Returns the tables.
    """
    counts: Counter[str] = Counter()
    for entry in entries():
        if _is_usable(entry, failed):
            counts.update(vocabulary.closure(truth_of(entry).present))
    columns = [name for name in vocabulary.names if counts[name] >= LEAST]
    if not columns:
        return []
    places = [vocabulary.index[name] for name in columns]
    writers: dict[str, Any] = {}
    paths: list[Path] = []
    with ExitStack() as open_files:
        for entry in entries():
            if not _is_usable(entry, failed):
                continue
            part = entry.split or "all"
            if part not in writers:
                paths.append(folder / f"truth-{part}.csv")
                temporary = open_files.enter_context(atomic_write(paths[-1]))
                file = temporary.open("w", encoding="utf-8", newline="")
                writers[part] = csv.writer(open_files.enter_context(file), lineterminator="\n")
                writers[part].writerow(["record", "patient", *columns])
            whose = entry.patient or entry.id
            values = _values(truth_of(entry), places, vocabulary)
            writers[part].writerow([entry.file, whose, *values])
    return sorted(paths)


def _is_usable(entry: Entry, failed: Collection[str]) -> bool:
    return entry.row is None and entry.file not in failed


def _values(truth: Truth, places: list[int], vocabulary: Vocabulary) -> list[str]:
    labels = vocabulary.label_vector(truth.present, truth.unknown, truth.judged)[places]
    return ["" if np.isnan(label) else str(int(label)) for label in labels]
