"""Ask the same questions of the same recordings, disturbed, and measure what is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.answers import LEVEL, Answers, NothingToMeasure, ask
from cardiolex.evaluation.bootstrap import bootstrap
from cardiolex.evaluation.loading import LoadedTable, Progress, Score, score_in_batches
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.robustness.disturbance import Disturbance, Unsuitable
from cardiolex.evaluation.robustness.result import ClassChange, Point, RobustnessResult
from cardiolex.evaluation.robustness.standard import standard_disturbances
from cardiolex.recordings.recording import Recording

BATCH = 64


def evaluate_robustness(
    score: Score,
    loaded: LoadedTable,
    leads: Sequence[str] | None = None,
    *,
    disturbances: Sequence[Disturbance] | None = None,
    model: str = "",
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> RobustnessResult:
    """Macro and per-class AUROC under every disturbance (default: all standard ones).

    Every point is compared with the undisturbed answers of the same recordings and the same draws
    of patients. Recordings that cannot be disturbed in a way are left out there and counted.
    """
    clean = ask(score, loaded, leads, model=model)
    kept, _, _ = countable(clean.labels, MIN_POSITIVES)
    if not kept.any():
        raise NothingToMeasure(
            f"{clean.table}: no condition has {MIN_POSITIVES} positives and negatives"
        )
    chosen = standard_disturbances() if disturbances is None else disturbances
    points = []
    for number, disturbance in enumerate(chosen, start=1):
        rows, answers = _disturbed(score, clean, disturbance, leads, seed)
        points.append(_point(clean, disturbance, rows, answers, resamples, seed))
        if progress is not None:
            progress(number, len(chosen))
    whole = bootstrap(
        clean.labels[:, kept],
        clean.probabilities[:, kept],
        clean.patients,
        resamples=resamples,
        seed=seed,
    )[0]
    return RobustnessResult(
        table=clean.table,
        model=model,
        n_records=len(clean),
        n_patients=len(set(clean.patients)),
        patients_from=clean.patients_from,
        clean=whole.macro(LEVEL),
        points=tuple(points),
        resamples=resamples,
        seed=seed,
    )


def _disturbed(
    score: Score,
    clean: Answers,
    disturbance: Disturbance,
    leads: Sequence[str] | None,
    seed: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Rows that could be disturbed, and the answers to them; a batch of recordings at a time.

    Leads are chosen first: what is disturbed is what the device records.
    """
    rows: list[int] = []
    answers: list[NDArray[np.float64]] = []
    for start in range(0, len(clean), BATCH):
        worse: list[Recording] = []
        for n in range(start, min(start + BATCH, len(clean))):
            shown = clean.recordings[n] if leads is None else clean.recordings[n].select(leads)
            try:
                worse.append(disturbance.disturb(shown, clean.records[n], seed))
            except Unsuitable:
                continue
            rows.append(n)
        if worse:
            answers.append(score_in_batches(score, worse, clean.conditions, None))
    empty = np.empty((0, len(clean.conditions)))
    return np.array(rows, np.intp), np.concatenate(answers) if answers else empty


def _point(
    clean: Answers,
    disturbance: Disturbance,
    rows: NDArray[np.intp],
    answers: NDArray[np.float64],
    resamples: int,
    seed: int,
) -> Point:
    labels = clean.labels[rows]
    patients = [clean.patients[n] for n in rows]
    left_out = len(clean) - len(rows)
    kept, n_pos, _ = countable(labels, MIN_POSITIVES)
    if not kept.any():
        why = f"{len(rows)} recordings can be disturbed so: too few to measure"
        return Point(disturbance.kind, disturbance.level, len(rows), left_out, failed=why)
    scores = (answers[:, kept], clean.probabilities[rows][:, kept])
    worse, before = (
        bootstrap(labels[:, kept], one, patients, resamples=resamples, seed=seed)[0]
        for one in scores
    )
    change = worse.minus(before)
    named = [(c, int(n_pos[i])) for i, c in enumerate(clean.conditions) if kept[i]]
    return Point(
        disturbance.kind,
        disturbance.level,
        len(rows),
        left_out,
        worse.macro(LEVEL),
        change.macro(LEVEL),
        tuple(
            ClassChange(name, count, worse.of_class(c, LEVEL), change.of_class(c, LEVEL))
            for c, (name, count) in enumerate(named)
        ),
    )
