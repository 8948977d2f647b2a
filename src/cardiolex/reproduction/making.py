"""A table made anew: every row trained if it must be, measured, and set beside what is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from cardiolex.datasets.splits import load_split
from cardiolex.errors import CardiolexError
from cardiolex.reproduction.definition import Column, Row, TableDefinition
from cardiolex.reproduction.evaluation_sets import EvaluationSets
from cardiolex.reproduction.figure import Figure
from cardiolex.reproduction.measuring import Measurer
from cardiolex.reproduction.outcome import Outcome
from cardiolex.reproduction.settings import Settings
from cardiolex.reproduction.training import Stopped, trained

Bar = Callable[[str], AbstractContextManager[Any]]
"""Opens a progress bar of that name."""


def make(
    definition: TableDefinition,
    settings: Settings,
    sets: EvaluationSets,
    bar: Bar,
    only: Sequence[str] = (),
) -> Outcome:
    """Train and measure what is missing; a row that cannot be made says why, the others go on."""
    figures: dict[str, dict[Column, Figure]] = {}
    not_run: dict[str, str] = {}
    for row in definition.rows:
        if only and row.name not in only:
            not_run[row.name] = "left out by --rows"
            continue
        try:
            figures[row.name] = _row(row, definition, settings, sets, bar)
        except Stopped:
            raise
        except CardiolexError as error:
            not_run[row.name] = str(error)
            if row.training is None:
                continue  # never to be run; the table says why
            print(f"cardiolex: {definition.name}, {row.name}: {error}", file=sys.stderr)
    return Outcome(
        definition,
        figures,
        not_run,
        () if _of_data(definition) else tuple(sets.missing()),
        _facts(settings),
    )


def _row(
    row: Row, definition: TableDefinition, settings: Settings, sets: EvaluationSets, bar: Bar
) -> dict[Column, Figure]:
    if _of_data(definition):
        return {column: _records(row.name, column, settings) for column in definition.columns}
    if row.training is None:
        raise CardiolexError(row.why or "published only")
    sets.require()
    with bar(f"{row.name}: simulating") as progress:
        model = trained(row.training, settings, progress)
    measurer = Measurer(row, model, definition.paper, sets, settings)
    found: dict[Column, Figure] = {}
    with bar(f"{row.name}: measuring") as progress:
        for n, column in enumerate(definition.columns):
            found[column] = measurer.figure(column)
            progress(n + 1, len(definition.columns))
    return found


def _records(part: str, column: Column, settings: Settings) -> Figure:
    """How many records our split tables have."""
    return Figure(value=float(len(load_split(column.split_set, settings.face).part(part))))


def _of_data(definition: TableDefinition) -> bool:
    return all(column.protocol == "data" for column in definition.columns)


def _facts(settings: Settings) -> dict[str, Any]:
    return {
        "scale": settings.scale,
        "store": None if settings.store is None else settings.store.name,
        "steps": settings.all_steps,
        "simulated_recordings": settings.recordings if settings.small else None,
        "labels_of_the_sets": settings.face,
        "resamples": settings.resamples,
        "draws": settings.draws,
        "seed": settings.seed,
    }
