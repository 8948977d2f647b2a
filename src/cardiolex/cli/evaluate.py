"""Commands that measure a model on labelled real recordings: zero-shot, fewer leads, the card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cardiolex.cli.batch import lead_names
from cardiolex.cli.each_table import each_table
from cardiolex.cli.measuring import Measuring, asked
from cardiolex.cli.options import MeasuredLeads, TruthTables
from cardiolex.cli.pages import say_kept
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.partial_leads import PartialLeadsResult
    from cardiolex.evaluation.results import ZeroShotResult


def zero_shot(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    leads: MeasuredLeads = None,
    valid: Path | None = None,
    protocol: Literal["strict", "published"] = "strict",
    output: Path | None = None,
) -> int:
    """AUROC, AUPRC, F1, accuracy of plain condition names, per class and macro, with intervals.

    Parameters
    ----------
    valid
        Table that the thresholds of F1 come from; by default the other patients of each table.
    protocol
        "published" adds F1 and accuracy at thresholds chosen on the judged records, as the papers
        do, under their own name.
    output
        Folder for table, JSON, plot and page.
    """
    from cardiolex.evaluation.page_parts import zero_shot_part
    from cardiolex.evaluation.zero_shot import measure

    model = asked(measuring, output)
    chosen = lead_names(leads)
    thresholds = None
    if valid is not None:
        thresholds = model.answers(measuring.load(valid), chosen)

    def measured(loaded: LoadedTable) -> ZeroShotResult:
        return measure(
            model.answers(loaded, chosen),
            seen=model.seen(loaded.table.conditions),
            resamples=measuring.resamples,
            seed=measuring.seed,
            decided=True,
            valid=thresholds,
            published=protocol == "published",
        )

    results, status = each_table(truth, model, measuring, output, measured, zero_shot_part)
    if len(results) > 1:
        mean = sum(one.macro_auroc.value for one in results) / len(results)
        print(f"Mean of {len(results)} macro AUROC: {mean:.3f}")
    say_kept(model)
    return status


def partial_leads(
    truth: TruthTables,
    /,
    *,
    measuring: Measuring,
    groups: str = "nested,single,clinical,wearable",
    sampled: int = 0,
    exhaustive: bool = False,
    output: Path | None = None,
) -> int:
    """The same for 1 to 12 leads in the papers' order, every single lead, and other subsets.

    Parameters
    ----------
    groups
        Among nested, single, clinical, wearable; "" for none.
    sampled
        As many different subsets more, drawn with --seed, every size equally likely.
    exhaustive
        All 4,095 subsets.
    output
        Folder for table, JSON, plot and page.
    """
    from cardiolex.cli.call_error import CallError
    from cardiolex.evaluation.page_parts import partial_leads_part
    from cardiolex.evaluation.partial_leads import (
        SUBSETS,
        evaluate_partial_leads,
        every_subset,
        sampled_subsets,
    )

    named = [name.strip() for name in groups.split(",") if name.strip()]
    if unknown := [name for name in named if name not in SUBSETS]:
        raise CallError(f"--groups {unknown[0]!r}: choose among {', '.join(SUBSETS)}")
    subsets = {name: dict(SUBSETS[name]) for name in named}
    if sampled:
        subsets["sampled"] = sampled_subsets(sampled, measuring.seed)
    if exhaustive:
        subsets["exhaustive"] = every_subset()
    model = asked(measuring, output)

    def measured(loaded: LoadedTable) -> PartialLeadsResult:
        with progress_bar(f"subsets of leads, {loaded.table.name}") as progress:
            return evaluate_partial_leads(
                model.score,
                loaded,
                subsets=subsets,
                model=model.name,
                on_subset=progress,
                seen=model.seen(loaded.table.conditions),
                resamples=measuring.resamples,
                seed=measuring.seed,
            )

    _, status = each_table(
        truth, model, measuring, output, measured, partial_leads_part, suffix="-partial-leads"
    )
    say_kept(model)
    return status


def card(truth: list[Path], /, *, measuring: Measuring, output: Path) -> int:
    """Zero-shot figures from all leads to each alone, written into a model card.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    output
        Folder for the checkpoint with the new card; may be the model's own.
    """
    from cardiolex.checkpoint import check_output, revise
    from cardiolex.evaluation.card import FEWER, SINGLE, SUBSETS, measured, with_section
    from cardiolex.evaluation.zero_shot import measure
    from cardiolex.interpreter import BUNDLED

    check_output(output)
    model = asked(measuring)
    tables = [measuring.load(path) for path in truth]
    results = {
        subset: [
            measure(
                model.answers(loaded, leads), resamples=measuring.resamples, seed=measuring.seed
            )
            for loaded in tables
        ]
        for subset, leads in {**SUBSETS, **SINGLE, **FEWER}.items()
    }
    section = measured(results)
    print(section, end="")
    text = with_section(model.interpreter.checkpoint.card, section)
    print(f"wrote {revise(measuring.model or BUNDLED, output, card=text) / 'README.md'}")
    return 1 if any(loaded.unreadable for loaded in tables) else 0
