"""The command that asks a model what the papers ask, on the records that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cardiolex.cli.measuring import Asked, Measuring, asked, read_answerable
from cardiolex.cli.pages import publish, say_kept, say_written
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.truth import TruthTable


def mini_benchmark(
    *,
    measuring: Measuring,
    sets: str | None = None,
    parts: str = "train,val,test",
    face: Literal["strict", "published"] = "strict",
    output: Path,
) -> int:
    """The papers' six sets on those of their records that lie below --root, all leads and lead I.

    Parameters
    ----------
    sets
        Among ptbxl_super, ptbxl_sub, ptbxl_form, ptbxl_rhythm, cpsc2018, csn; by default all.
    parts
        Parts of the papers' splits whose records count.
    face
        Labels as corrected, or as published with their errors.
    output
        Folder for table, JSON and page, and for the answers.
    """
    from cardiolex.datasets.splits import SPLIT_SETS
    from cardiolex.evaluation.mini_benchmark import SUBSETS, MiniBenchmark, present_tables
    from cardiolex.evaluation.page_parts import benchmark_part, zero_shot_part
    from cardiolex.evaluation.zero_shot import measure

    named = tuple(SPLIT_SETS) if sets is None else tuple(s.strip() for s in sets.split(","))
    chosen = tuple(part.strip() for part in parts.split(","))
    tables = present_tables(measuring.root, named, chosen, face)
    model = asked(measuring, output)
    loaded = [_load(table, measuring.first_seconds) for table in tables]
    _ask_once(model, loaded, list(SUBSETS.values()))
    results = {
        one.table.name: {
            subset: measure(
                model.answers(one, leads),
                seen=model.seen(one.table.conditions),
                resamples=measuring.resamples,
                seed=measuring.seed,
                decided=leads is None,
            )
            for subset, leads in SUBSETS.items()
        }
        for one in loaded
    }
    found = MiniBenchmark(model.name, results, chosen, face)
    print(found.to_markdown())
    say_written(found.write(output))
    details = [zero_shot_part(next(iter(one.values()))) for one in results.values()]
    publish(
        output / "mini-benchmark",
        [benchmark_part(found), *details],
        loaded=loaded,
        asked=model,
        measuring=measuring,
    )
    say_kept(model)
    return 1 if any(one.unreadable for one in loaded) else 0


def _load(table: TruthTable, first_seconds: float | None) -> LoadedTable:
    from cardiolex.evaluation.loading import load_table

    with progress_bar(f"reading {table.name}") as progress:
        return load_table(
            table, lambda path: read_answerable(path, first_seconds), progress=progress
        )


def _ask_once(
    model: Asked, loaded: Sequence[LoadedTable], subsets: Sequence[tuple[str, ...] | None]
) -> None:
    """Put the conditions of all tables to every record at once: sets share records."""
    from cardiolex.evaluation.answers import ask_shared

    with progress_bar("scoring") as progress:
        ask_shared(model.score, loaded, subsets, progress=progress)
