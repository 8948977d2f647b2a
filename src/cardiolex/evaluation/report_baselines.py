"""Reports that need no writer: what a generated report must be better than.

The most frequent report, and the report nearest to the recording: both taken from a training set,
or, without one, from the other patients of the same table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.report_table import same_text

CHUNK = 8_000_000  # products held at a time
Vectors = NDArray[np.float32]


def most_frequent(reports: Sequence[str]) -> str:
    """The report that most records have; of several, the first."""
    texts = [same_text(report) for report in reports]
    if not texts:
        raise CardiolexError("no report to choose from")
    best = Counter(texts).most_common(1)[0][0]
    return reports[texts.index(best)]


def most_frequent_of_others(reports: Sequence[str], patients: Sequence[str]) -> list[str]:
    """For each record (N,) the most frequent report of all other patients."""
    _check_others(patients)
    texts = [same_text(report) for report in reports]
    first = {text: reports[row] for row, text in reversed(list(enumerate(texts)))}
    ordered = Counter(texts).most_common()
    own: dict[str, Counter[str]] = {}
    for patient, text in zip(patients, texts, strict=True):
        own.setdefault(patient, Counter())[text] += 1
    chosen = {patient: first[_best(ordered, counts)] for patient, counts in own.items()}
    return [chosen[patient] for patient in patients]


def _best(ordered: Sequence[tuple[str, int]], own: Counter[str]) -> str:
    """The most frequent text once `own` are taken away; `ordered` by falling number."""
    best, most = ordered[0][0], 0
    for text, number in ordered:
        if number <= most:
            break
        if number - own[text] > most:
            best, most = text, number - own[text]
    return best


def nearest(queries: Vectors, gallery: Vectors, reports: Sequence[str]) -> list[str]:
    """For each query (N, E) the report (M,) whose vector (M, E) is nearest."""
    rows = _nearest_rows(queries, gallery, None, None)
    return [reports[row] for row in rows]


def nearest_of_others(
    queries: Vectors, gallery: Vectors, reports: Sequence[str], patients: Sequence[str]
) -> list[str]:
    """For each record (N,) the report of another patient whose vector is nearest."""
    _check_others(patients)
    owner = np.unique(np.asarray(patients, dtype=str), return_inverse=True)[1]
    return [reports[row] for row in _nearest_rows(queries, gallery, owner, owner)]


def _check_others(patients: Sequence[str]) -> None:
    if len(set(patients)) < 2:
        raise CardiolexError(
            "one patient alone leaves no reports of others to choose from; give a training table"
        )


def _nearest_rows(
    queries: Vectors,
    gallery: Vectors,
    mine: NDArray[np.intp] | None,
    theirs: NDArray[np.intp] | None,
) -> list[int]:
    rows: list[int] = []
    step = max(1, CHUNK // len(gallery))
    for start in range(0, len(queries), step):
        scores = queries[start : start + step] @ gallery.T
        if mine is not None and theirs is not None:
            scores[mine[start : start + step, None] == theirs[None, :]] = -np.inf
        rows += scores.argmax(axis=1).tolist()
    return rows
