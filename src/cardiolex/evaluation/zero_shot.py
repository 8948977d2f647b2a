"""Zero-shot classification: ask for the conditions of a truth table by name, and measure.

K-MERL section 4: no weight is changed; the query network's sigmoid is the probability. Here with
every class listed, intervals by patient, and rare classes named instead of averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.answers import LEVEL, Answers, NothingToMeasure, ask
from cardiolex.evaluation.bootstrap import Estimate, Resampled, bootstrap
from cardiolex.evaluation.decisions import decide, decide_on_judged
from cardiolex.evaluation.loading import LoadedTable, Progress, Score
from cardiolex.evaluation.metrics import MIN_POSITIVES, countable
from cardiolex.evaluation.results import ClassResult, LeftOut, ZeroShotResult, versions


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
    answers = ask(score, loaded, leads, model=model, batch_size=batch_size, progress=progress)
    return measure(answers, seen=seen, min_positives=min_positives, resamples=resamples, seed=seed)


def measure(
    answers: Answers,
    *,
    seen: Mapping[str, bool] | None = None,
    min_positives: int = MIN_POSITIVES,
    resamples: int = 1000,
    seed: int = 0,
    decided: bool = False,
    valid: Answers | None = None,
    published: bool = False,
) -> ZeroShotResult:
    """The same from answers that are there already.

    `decided` adds F1 and its like at thresholds from `valid`, or from the other patients of the
    table; `published` adds them at thresholds chosen on the judged records, under another name.
    """
    kept, n_pos, n_neg = countable(answers.labels, min_positives)
    if not kept.any():
        raise NothingToMeasure(
            f"{answers.table}: no condition has {min_positives} positives and negatives among "
            f"{len(answers)} recordings"
        )
    chosen = answers.only(kept)
    options = {"resamples": resamples, "seed": seed}
    auroc, auprc = bootstrap(
        chosen.labels, chosen.probabilities, answers.patients, resamples=resamples, seed=seed
    )
    counts = list(zip(answers.conditions, n_pos.tolist(), n_neg.tolist(), strict=True))
    classes = _classes(counts, kept, auroc, auprc, seen)
    return ZeroShotResult(
        table=answers.table,
        model=answers.model,
        leads=answers.leads,
        n_records=len(answers),
        n_patients=len(set(answers.patients)),
        patients_from=answers.patients_from,
        classes=classes,
        macro_auroc=auroc.macro(LEVEL),
        macro_auprc=auprc.macro(LEVEL),
        macro_auroc_seen=_macro_of(auroc, classes, True),
        macro_auroc_unseen=_macro_of(auroc, classes, False),
        left_out=_left_out(counts, kept, min_positives),
        unreadable=answers.unreadable,
        lacking_leads=answers.lacking_leads,
        min_positives=min_positives,
        resamples=resamples,
        level=LEVEL,
        seed=seed,
        versions=versions(),
        records=answers.records,
        conditions=answers.conditions,
        labels=answers.labels,
        probabilities=answers.probabilities,
        auroc_samples=auroc.samples,
        decisions=decide(chosen, valid, **options) if decided else None,
        published=decide_on_judged(chosen, **options) if published else None,
    )


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
