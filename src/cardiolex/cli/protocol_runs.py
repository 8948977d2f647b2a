"""One protocol on one table, for commands and for the page of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.measuring import Asked, Measuring
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.evaluation.calibration_result import CalibrationResult
    from cardiolex.evaluation.lead_importance import LeadImportance
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.robustness import RobustnessResult
    from cardiolex.evaluation.seen import SeenResult
    from cardiolex.evaluation.subgroups import SubgroupResult


def robustness_of(
    model: Asked,
    loaded: LoadedTable,
    measuring: Measuring,
    kinds: str | None = None,
    leads: str | None = None,
) -> RobustnessResult:
    """Robustness of one table, with a progress bar."""
    from cardiolex.evaluation.robustness import evaluate_robustness, standard_disturbances

    named = None if kinds is None else [kind.strip() for kind in kinds.split(",")]
    try:
        chosen = standard_disturbances(named)
    except CardiolexError as error:
        raise CallError(f"--kinds: {error}") from error
    with progress_bar(f"disturbing {loaded.table.name}") as progress:
        return evaluate_robustness(
            model.score,
            loaded,
            lead_names(leads),
            disturbances=chosen,
            model=model.name,
            resamples=measuring.resamples,
            seed=measuring.seed,
            progress=progress,
        )


def importance_of(
    model: Asked,
    loaded: LoadedTable,
    measuring: Measuring,
    among: str | None = None,
    orders: int | None = 8,
) -> LeadImportance:
    """Shapley values of one table, with a progress bar; at most 200 resamples."""
    from cardiolex.evaluation.lead_importance import evaluate_lead_importance
    from cardiolex.recordings.leads import LEADS

    with progress_bar(f"subsets of leads, {loaded.table.name}") as progress:
        return evaluate_lead_importance(
            model.score,
            loaded,
            among=lead_names(among, "--among") or LEADS,
            orders=orders,
            model=model.name,
            resamples=min(measuring.resamples, 200),
            seed=measuring.seed,
            progress=progress,
        )


def subgroups_of(
    model: Asked,
    loaded: LoadedTable,
    measuring: Measuring,
    groups: Path | None = None,
    leads: str | None = None,
) -> SubgroupResult:
    """Groups of one table."""
    from cardiolex.evaluation.group_names import read_groups
    from cardiolex.evaluation.subgroups import evaluate_subgroups

    columns = None if groups is None else read_groups(groups)
    answers = model.answers(loaded, lead_names(leads))
    return evaluate_subgroups(answers, columns, resamples=measuring.resamples, seed=measuring.seed)


def calibration_of(
    model: Asked,
    loaded: LoadedTable,
    measuring: Measuring,
    valid: LoadedTable | None = None,
    leads: str | None = None,
) -> CalibrationResult:
    """Calibration of one table."""
    from cardiolex.evaluation.calibration_result import evaluate_calibration

    chosen = lead_names(leads)
    return evaluate_calibration(
        model.answers(loaded, chosen),
        None if valid is None else model.answers(valid, chosen),
        model_fit=model.interpreter.checkpoint.calibration.fitted_on,
        resamples=measuring.resamples,
        seed=measuring.seed,
    )


def seen_of(
    model: Asked, loaded: LoadedTable, measuring: Measuring, threshold: float = 0.95
) -> SeenResult:
    """Seen and unseen conditions of one table."""
    from cardiolex.evaluation.seen import evaluate_seen, seen_rows

    checkpoint = model.interpreter.checkpoint
    rows = seen_rows(
        loaded.table.conditions,
        checkpoint.seen,
        checkpoint.vocabulary,
        lambda texts: checkpoint.encode_queries(texts).float().cpu().numpy(),
        threshold=threshold,
    )
    return evaluate_seen(
        model.answers(loaded),
        rows,
        threshold=threshold,
        resamples=measuring.resamples,
        seed=measuring.seed,
    )
