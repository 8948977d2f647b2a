"""The command that runs every protocol on a table and puts all of it on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardiolex.cli.call_error import CallError
from cardiolex.cli.measuring import Asked, Measuring, asked
from cardiolex.cli.options import TruthTables
from cardiolex.cli.pages import publish, say_kept, say_written
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.plots.result_page import Part

PROTOCOLS = (
    "zero-shot",
    "partial-leads",
    "lead-importance",
    "calibration",
    "subgroups",
    "seen",
    "robustness",
)


def everything(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    without: str = "",
    groups: Path | None = None,
    orders: int = 4,
    output: Path,
) -> int:
    """Zero-shot, fewer leads, which leads matter, calibration, groups, seen, robustness: one page.

    Parameters
    ----------
    without
        Protocols to leave out, e.g. "robustness,lead-importance": they ask the most.
    groups
        CSV with a column `record` and one per attribute, such as device.
    orders
        How many orders of adding leads are sampled, an even number.
    output
        Folder for the files of every protocol and the page.
    """
    left_out = [name.strip() for name in without.split(",") if name.strip()]
    if unknown := [name for name in left_out if name not in PROTOCOLS]:
        raise CallError(f"--without {unknown[0]!r}: choose among {', '.join(PROTOCOLS)}")
    model = _for_all(asked(measuring, output), truth, measuring.root)
    incomplete = False
    for path in truth:
        loaded = measuring.load(path)
        incomplete = incomplete or bool(loaded.unreadable)
        parts: list[Part] = []
        for name in PROTOCOLS:
            if name in left_out:
                continue
            try:
                result, part = _measured(name, model, loaded, measuring, groups, orders)
            except CardiolexError as error:
                print(f"{name}: {error}")
                parts.append(_failed(name, error))
                incomplete = True
                continue
            say_written(result.write(output))
            parts.append(part)
        publish(
            output / f"{loaded.table.name}-everything",
            parts,
            loaded=[loaded],
            asked=model,
            measuring=measuring,
        )
    say_kept(model)
    return 1 if incomplete else 0


def _for_all(model: Asked, truth: Sequence[Path], root: Path) -> Asked:
    """The model, asked for the conditions of all tables at once: often they share recordings."""
    from cardiolex.evaluation.asked_once import together
    from cardiolex.evaluation.truth import read_truth

    every = dict.fromkeys(c for path in truth for c in read_truth(path, root).conditions)
    return replace(model, score=together(model.score, tuple(every)))


def _failed(name: str, error: CardiolexError) -> Part:
    from cardiolex.plots.result_page import Part

    return Part(name, warnings=(f"Not measured: {error}",))


def _measured(
    name: str,
    model: Asked,
    loaded: LoadedTable,
    measuring: Measuring,
    groups: Path | None,
    orders: int,
) -> tuple[Any, Part]:
    """The result of one protocol and its part of the page."""
    from cardiolex.cli import protocol_runs as runs
    from cardiolex.evaluation import page_parts
    from cardiolex.evaluation.partial_leads import evaluate_partial_leads
    from cardiolex.evaluation.zero_shot import measure

    options: dict[str, Any] = {"resamples": measuring.resamples, "seed": measuring.seed}
    if name == "zero-shot":
        result = measure(
            model.answers(loaded), seen=model.seen(loaded.table.conditions), decided=True, **options
        )
        return result, page_parts.zero_shot_part(result)
    if name == "partial-leads":
        with progress_bar("subsets of leads") as progress:
            fewer = evaluate_partial_leads(
                model.score, loaded, model=model.name, on_subset=progress, **options
            )
        return fewer, page_parts.partial_leads_part(fewer)
    if name == "lead-importance":
        leads = runs.importance_of(model, loaded, measuring, orders=orders)
        return leads, page_parts.importance_part(leads)
    if name == "calibration":
        believed = runs.calibration_of(model, loaded, measuring)
        return believed, page_parts.calibration_part(believed)
    if name == "subgroups":
        people = runs.subgroups_of(model, loaded, measuring, groups=groups)
        return people, page_parts.subgroup_part(people)
    if name == "seen":
        met = runs.seen_of(model, loaded, measuring)
        return met, page_parts.seen_part(met)
    worse = runs.robustness_of(model, loaded, measuring)
    return worse, page_parts.robustness_part(worse)
