"""The command that gives a trained model a reader of measurements."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cardiolex.cli.progress import progress_bar
from cardiolex.recipes.reader import ReaderRun, train_reader


def reader(config: Annotated[ReaderRun, Parameter(name="*")]) -> int:
    """Train a reader of measurements for a model; an interrupted run goes on where it was."""
    with progress_bar("measuring") as progress:
        return 0 if train_reader(config, progress) else 1
