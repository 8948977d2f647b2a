"""What a table needs, before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.reproduction.definition import TableDefinition
from cardiolex.reproduction.evaluation_sets import EvaluationSets
from cardiolex.reproduction.settings import Settings
from cardiolex.reproduction.training import GET_MIMIC, command, finished


def plan(
    definitions: Sequence[TableDefinition], settings: Settings, sets: EvaluationSets
) -> tuple[str, bool]:
    """Each run as a command, done or not, or why it cannot be; and whether nothing is lacking."""
    lines: list[str] = []
    lacking = settings.store is None and not settings.small
    if lacking:
        lines.append(GET_MIMIC)
        settings = replace(settings, store=Path("STORE"))
    runs = {row.training for one in definitions for row in one.rows if row.training is not None}
    for training in sorted(runs, key=lambda one: one.name):
        try:
            done = "done: " if finished(training, settings) else ""
            lines.append(done + command(training, settings))
        except CardiolexError as error:
            lacking = True
            lines.append(f"cannot run {training.name}: {error}")
    missing = sets.missing()
    return "\n".join([*lines, *missing]) + "\n", not (lacking or missing)
