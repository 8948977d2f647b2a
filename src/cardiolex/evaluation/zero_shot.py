"""Zero-shot classification: ask for the conditions of a truth table by name, and measure.

K-MERL section 4: no weight is changed; the query network's sigmoid is the probability. Here with
every class listed, intervals by patient, and rare classes named instead of averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate, Resampled, bootstrap
from cardiolex.evaluation.loading import (
    LoadedTable,
    Progress,
    Score,
    score_in_batches,
)
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.results import ClassResult, LeftOut, ZeroShotResult, versions
from cardiolex.recordings.leads import LEADS

LEVEL = 0.95


class NothingToMeasure(CardiolexError):
    """No recording has the leads, or no condition has enough positives and negatives."""


def evaluate_zero_shot(
    score: Score,
    loaded: LoadedTable,
    leads: Sequence[str] | None = None,
    *,
    seen: Mapping[str, bool] | None = None,
    model: str = "",
    min_positives: int = MIN_POSITIVES,
    resamples: int = 1000,
    seed: int = 0,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> ZeroShotResult:
    """AUROC and average precision per class and as macro mean, with 95 % intervals.

    `score(recordings, conditions, leads)` gives probabilities (N, C). With `leads`, recordings
    that lack one of them are left out and listed, so that the figure is that of these leads.
    `seen` says which conditions the model met in pre-training. Classes with fewer than
    `min_positives` positives or negatives are listed and left out. NothingToMeasure if
    nothing is left.
    """
    table = loaded.table
    usable, lacking = _with_leads(loaded, leads)
    recordings = [loaded.recordings[i] for i in usable]
    probabilities = score_in_batches(
        score, recordings, table.conditions, leads, batch_size=batch_size, progress=progress
    )
    labels = table.labels[loaded.rows[usable]]
    all_patients, source = loaded.patients()
    patients = [all_patients[i] for i in usable]
    kept, n_pos, n_neg = countable(labels, min_positives)
    if not kept.any():
        raise NothingToMeasure(
            f"{table.name}: no condition has {min_positives} positives and negatives among "
            f"{len(recordings)} recordings"
        )
    auroc, auprc = bootstrap(
        labels[:, kept], probabilities[:, kept], patients, resamples=resamples, seed=seed
    )
    counts = list(zip(table.conditions, n_pos.tolist(), n_neg.tolist(), strict=True))
    classes = _classes(counts, kept, auroc, auprc, seen)
    return ZeroShotResult(
        table=table.name,
        model=model,
        leads=None if leads is None else tuple(leads),
        n_records=len(recordings),
        n_patients=len(set(patients)),
        patients_from=source,
        classes=classes,
        macro_auroc=auroc.macro(LEVEL),
        macro_auprc=auprc.macro(LEVEL),
        macro_auroc_seen=_macro_of(auroc, classes, True),
        macro_auroc_unseen=_macro_of(auroc, classes, False),
        left_out=_left_out(counts, kept, min_positives),
        unreadable=loaded.unreadable,
        lacking_leads=tuple(table.records[loaded.rows[i]] for i in lacking),
        min_positives=min_positives,
        resamples=resamples,
        level=LEVEL,
        seed=seed,
        versions=versions(),
        records=tuple(table.records[loaded.rows[i]] for i in usable),
        conditions=table.conditions,
        labels=labels,
        probabilities=probabilities,
        auroc_samples=auroc.samples,
    )


def _with_leads(
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


def _classes(
    counts: Sequence[tuple[str, int, int]],
    kept: NDArray[np.bool_],
    auroc: Resampled,
    auprc: Resampled,
    seen: Mapping[str, bool] | None,
) -> tuple[ClassResult, ...]:
    measured = [count for count, is_kept in zip(counts, kept, strict=True) if is_kept]
    return tuple(
        ClassResult(
            condition=condition,
            n_pos=n_pos,
            n_neg=n_neg,
            auroc=auroc.of_class(c, LEVEL),
            auprc=auprc.of_class(c, LEVEL),
            seen=None if seen is None else seen.get(condition),
        )
        for c, (condition, n_pos, n_neg) in enumerate(measured)
    )


def _macro_of(auroc: Resampled, classes: Sequence[ClassResult], seen: bool) -> Estimate | None:
    chosen = [c for c, one in enumerate(classes) if one.seen is seen]
    return auroc.macro(LEVEL, chosen) if chosen else None


def _left_out(
    counts: Sequence[tuple[str, int, int]], kept: NDArray[np.bool_], min_positives: int
) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(condition, n_pos, n_neg, _reason(n_pos, min_positives))
        for (condition, n_pos, n_neg), is_kept in zip(counts, kept, strict=True)
        if not is_kept
    )


def _reason(n_pos: int, min_positives: int) -> str:
    short = "positives" if n_pos < min_positives else "negatives"
    return f"fewer than {min_positives} {short}"
