"""Commands that measure how a model behaves: disturbances, leads, groups, probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.each_table import R, each_table
from cardiolex.cli.measuring import Asked, Measuring, asked
from cardiolex.cli.options import MeasuredLeads, TruthTables
from cardiolex.cli.pages import say_kept
from cardiolex.cli.protocol_runs import (
    calibration_of,
    importance_of,
    robustness_of,
    seen_of,
    subgroups_of,
)

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.plots.result_page import Part


def robustness(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    kinds: str | None = None,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """AUROC of the same recordings made worse: noise by SNR, leads off or exchanged, rate, length.

    Parameters
    ----------
    kinds
        Only these, e.g. "baseline wander,mains,cables exchanged".
    output
        Folder for table, JSON, curves and page.
    """
    from cardiolex.evaluation.page_parts import robustness_part

    return _each(
        truth,
        measuring,
        output,
        "robustness",
        lambda model, loaded: robustness_of(model, loaded, measuring, kinds, leads),
        robustness_part,
    )


def lead_importance(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    among: str | None = None,
    orders: int = 8,
    exhaustive: bool = False,
    output: Path | None = None,
) -> int:
    """Which leads matter for which condition: Shapley value of each lead in AUROC, as a heat map.

    Parameters
    ----------
    among
        These leads only, e.g. "I,II,V1,V5"; by default all twelve.
    orders
        How many orders of adding leads are sampled, an even number.
    exhaustive
        Ask every subset instead: 4,095 of twelve leads.
    output
        Folder for table, JSON, heat map and page.
    """
    from cardiolex.evaluation.page_parts import importance_part

    return _each(
        truth,
        measuring,
        output,
        "lead-importance",
        lambda model, loaded: importance_of(
            model, loaded, measuring, among, None if exhaustive else orders
        ),
        importance_part,
    )


def subgroups(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    groups: Path | None = None,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """AUROC by sex and age as the recordings tell them, and by any column of a table.

    Parameters
    ----------
    groups
        CSV with a column `record` and one per attribute, such as device.
    output
        Folder for table, JSON, plot and page.
    """
    from cardiolex.evaluation.page_parts import subgroup_part

    return _each(
        truth,
        measuring,
        output,
        "subgroups",
        lambda model, loaded: subgroups_of(model, loaded, measuring, groups, leads),
        subgroup_part,
    )


def calibration(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    valid: Path | None = None,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """How far probabilities can be believed, as given and after fits on other patients.

    Reliability diagram, expected calibration error, Brier score, log loss; temperature, Platt and
    isotonic fits.

    Parameters
    ----------
    valid
        Table that the fits come from; by default the other patients of each table.
    output
        Folder for table, JSON, diagram and page.
    """
    from cardiolex.evaluation.page_parts import calibration_part

    fitted = None if valid is None else measuring.load(valid)
    return _each(
        truth,
        measuring,
        output,
        "calibration",
        lambda model, loaded: calibration_of(model, loaded, measuring, fitted, leads),
        calibration_part,
    )


def seen(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    threshold: float = 0.95,
    output: Path | None = None,
) -> int:
    """Seen and unseen conditions, by the vocabulary and by the papers' cosine; where they differ.

    Parameters
    ----------
    threshold
        Cosine from which a name counts as seen.
    output
        Folder for table, JSON and page.
    """
    from cardiolex.evaluation.page_parts import seen_part

    return _each(
        truth,
        measuring,
        output,
        "seen",
        lambda model, loaded: seen_of(model, loaded, measuring, threshold),
        seen_part,
    )


def _each(
    truth: Sequence[Path],
    measuring: Measuring,
    output: Path | None,
    protocol: str,
    measure: Callable[[Asked, LoadedTable], R],
    part: Callable[[R], Part],
) -> int:
    model = asked(measuring, output)
    _, status = each_table(
        truth,
        model,
        measuring,
        output,
        lambda loaded: measure(model, loaded),
        part,
        suffix=f"-{protocol}",
    )
    say_kept(model)
    return status
