"""Retrieval: the report of a recording, the recording of a report, recordings like a recording.

CLIP-style recall at 1, 5 and 10 and the median rank of the first hit. Reports repeat ("sinus
rhythm. normal ecg."), so two figures are given: any report with the same words is a hit, and only
the record's own report is one (a tie with its twins then counts as their mean). Beside each figure
stands what a random order would reach, since a frequent report is easily found.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate, estimate, patient_weights
from cardiolex.evaluation.ranking import FirstRelevant, Groups, Vectors, first_relevant
from cardiolex.evaluation.report_table import ReportTable, same_text
from cardiolex.evaluation.results import versions
from cardiolex.evaluation.retrieval_result import Figures, RetrievalResult

KS = (1, 5, 10)
LEVEL = 0.95
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Pairs:
    """N recordings with their reports as vectors.

    `ecg` (N, E) unit rows; `text` (N, E) unit rows in the same space, or None where the model
    cannot compare texts with recordings; `findings` (N,) what each report states, blank if nothing.
    """

    table: ReportTable
    ecg: Vectors
    text: Vectors | None = None
    findings: Sequence[frozenset[str]] | None = None

    def __post_init__(self) -> None:
        rows = {"recordings": self.ecg, "reports": self.text, "findings": self.findings}
        for what, given in rows.items():
            if given is not None and len(given) != len(self.table):
                raise CardiolexError(f"{len(given)} {what} given for {len(self.table)} records")


def evaluate_retrieval(
    pairs: Pairs,
    *,
    model: str = "",
    unreadable: Sequence[tuple[str, str]] = (),
    leads: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> RetrievalResult:
    """All directions that the vectors allow, with 95 % intervals over patients of the queries.

    The gallery is the whole table in every resample. A query without any hit in the gallery (a
    recording whose findings nobody else has) is not counted, and the number of such is given.
    """
    table = pairs.table
    patients, source = table.owners()
    own = np.arange(len(table))
    texts = _groups([same_text(report) for report in table.reports])
    asked: list[tuple[str, str, Vectors, Vectors, Groups, bool]] = []
    if pairs.text is not None:
        there, back = (pairs.ecg, pairs.text), (pairs.text, pairs.ecg)
        for name, (queries, gallery) in {"ECG to report": there, "report to ECG": back}.items():
            asked.append((name, "the same words", queries, gallery, texts, False))
            asked.append((name, "its own only", queries, gallery, own, False))
    if pairs.findings is not None:
        alike = _groups([found or n for n, found in enumerate(pairs.findings)])
        asked.append(("ECG to ECG", "the same findings", pairs.ecg, pairs.ecg, alike, True))
    if len(set(patients)) < len(patients):
        same = _groups(patients)
        asked.append(("ECG to ECG", "the same patient", pairs.ecg, pairs.ecg, same, True))
    figures = []
    for done, (name, hits_are, queries, gallery, groups, apart) in enumerate(asked):
        ranks = first_relevant(queries, gallery, groups, groups, own=own if apart else None)
        figures.append(measure(name, hits_are, ranks, patients, resamples=resamples, seed=seed))
        if progress is not None:
            progress(done + 1, len(asked))
    return RetrievalResult(
        table=table.name,
        model=model,
        leads=None if leads is None else tuple(leads),
        n_records=len(table),
        n_patients=len(set(patients)),
        patients_from=source,
        n_reports=len(set(texts.tolist())),
        figures=tuple(figures),
        unreadable=tuple(unreadable),
        blank=table.blank,
        resamples=resamples,
        level=LEVEL,
        seed=seed,
        versions=versions(),
    )


def measure(
    direction: str,
    hits_are: str,
    ranks: FirstRelevant,
    patients: Sequence[str] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Figures:
    """Recall at `KS` and median rank over the queries that have a hit, with intervals."""
    counted = np.flatnonzero(ranks.answerable)
    n = len(ranks.answerable)
    if len(counted) == 0:
        nothing = Estimate(np.nan, np.nan, np.nan)
        recall = dict.fromkeys(KS, nothing)
        chance = dict.fromkeys(KS, np.nan)
        return Figures(direction, hits_are, 0, n, 0, recall, chance, nothing, np.nan)
    owners = None if patients is None else [patients[int(i)] for i in counted]
    hits = np.stack([ranks.hit(k)[counted] for k in KS], axis=1)  # (n, K)
    places = ranks.rank()[counted]
    recalls, medians = [], []
    for weights in patient_weights(owners, len(counted), resamples=resamples, seed=seed):
        recalls.append(weights.T @ hits / weights.sum(axis=0)[:, None])
        medians.append(weighted_median(places, weights))
    samples = np.concatenate(recalls)  # (R, K)
    mean = hits.mean(axis=0)
    return Figures(
        direction=direction,
        hits_are=hits_are,
        n_queries=len(counted),
        n_without=n - len(counted),
        n_gallery=int(ranks.ranked[0]),
        recall={k: estimate(float(mean[i]), samples[:, i], LEVEL) for i, k in enumerate(KS)},
        chance={k: float(ranks.chance_hit(k)[counted].mean()) for k in KS},
        median_rank=estimate(float(np.median(places)), np.concatenate(medians), LEVEL),
        chance_median_rank=float(np.median(ranks.chance_rank()[counted])),
    )


def weighted_median(
    values: NDArray[np.float64], weights: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Median (R,) of `values` (N,) under each column of `weights` (N, R); halves are averaged."""
    order = np.argsort(values, kind="stable")
    reached = weights[order].cumsum(axis=0, dtype=np.float64)
    half = reached[-1] / 2
    low, high = (reached < half).sum(axis=0), (reached <= half).sum(axis=0)
    ordered = values[order]
    middle: NDArray[np.float64] = (ordered[low] + ordered[high.clip(max=len(values) - 1)]) / 2
    return middle


def _groups(keys: Sequence[Hashable]) -> Groups:
    """A number per key, the same for equal keys."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)
