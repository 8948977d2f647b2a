"""The papers' tables and figures made anew, published values beside ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from cardiolex.cli.call_error import CallError
from cardiolex.cli.options import Resamples
from cardiolex.cli.progress import progress_bar


def tables() -> int:
    """Every table and figure that can be made anew, and what the papers' own figures contradict."""
    from cardiolex.evaluation.published.checks import disagreements
    from cardiolex.reproduction.catalogue import DEFINITIONS, NOT_AVAILABLE

    for name, one in DEFINITIONS.items():
        runs = {row.training.name for row in one.rows if row.training is not None}
        known = sum(cell.value is not None for cell in one.published)
        unknown = sum(cell.obtained == "not available" for cell in one.published)
        more = f", {unknown} not available" if unknown else ""
        print(f"{name:26} {one.title}; {len(runs)} runs, {known} published figures{more}")
    for why in dict.fromkeys(NOT_AVAILABLE.values()):
        first, *rest = [name for name, reason in NOT_AVAILABLE.items() if reason == why]
        print(", ".join([first, *(name.rpartition("-")[2] for name in rest)]) + f": {why}")
    print("\nIn the papers themselves:")
    for found in disagreements():
        print(f"- {found}")
    return 0


def table(
    name: list[str],
    /,
    *,
    output: Path,
    root: Path | None = None,
    store: Path | None = None,
    labels: Annotated[list[str] | None, Parameter(negative="")] = None,
    text_encoder: str | None = None,
    scale: Literal["full", "small"] = "full",
    rows: Annotated[list[str] | None, Parameter(negative="")] = None,
    steps: int | None = None,
    recordings: int | None = None,
    face: Literal["strict", "published"] = "strict",
    resamples: Resamples = 1000,
    draws: int = 1,
    seed: int = 0,
    device: str | None = None,
    workers: int | None = None,
    dry_run: bool = False,
) -> int:
    """Train and measure what a table needs, print published and ours side by side, draw it.

    Finished runs and figures in `output` are taken as they are, so a second call goes on where the
    first was stopped, and tables share their runs. Exit status 1 if any cell is left empty.

    Parameters
    ----------
    name
        Tables, as `cardiolex reproduce list` has them.
    output
        Folder of runs, answers, figures and tables.
    root
        Folder under which the records of PTB-XL, CPSC2018 and CSN lie, in any depth.
    store
        Pre-training store, from `cardiolex prepare`; at small scale one is simulated if not given.
    labels
        Folders of extracted labels: FOLDER for all rows, KEY=FOLDER for those that need their own.
    text_encoder
        Hugging Face name or folder in place of the published encoder.
    scale
        "small" shows the machinery in minutes, with tiny models: no statement about any paper.
    rows
        These rows only.
    steps
        Training steps of every run in place of the published schedule.
    recordings
        Simulated recordings at small scale.
    face
        "published": labels of the evaluation sets as the papers' code read them, and the paper's
        own settings of the probe; "strict" corrects both.
    draws
        How often a share of training labels is drawn.
    seed
        Seed of simulation, training and bootstrap.
    device
        Where to train, e.g. "cuda".
    workers
        Processes that load training data.
    dry_run
        Print the runs as commands and what data are missing; do nothing.
    """
    from cardiolex.cli.measuring import read_answerable
    from cardiolex.reproduction.catalogue import definition
    from cardiolex.reproduction.evaluation_sets import EvaluationSets
    from cardiolex.reproduction.making import make
    from cardiolex.reproduction.plan import plan
    from cardiolex.reproduction.scale import RECORDINGS
    from cardiolex.reproduction.settings import Settings

    if not name:
        raise CallError("name a table; `cardiolex reproduce list` has them")
    chosen = [definition(one) for one in name]
    settings = Settings(
        output=output,
        root=root,
        store=store,
        labels=_labels(labels or []),
        text_encoder=text_encoder,
        scale=scale,
        steps=steps,
        recordings=recordings or RECORDINGS,
        face=face,
        resamples=resamples,
        draws=draws,
        seed=seed,
        device=device,
        workers=workers,
    )
    known = {row.name for one in chosen for row in one.rows}
    if strange := [row for row in rows or [] if row not in known]:
        raise CallError(f"--rows {strange[0]!r}: no such row; there are {', '.join(sorted(known))}")
    sets = EvaluationSets(settings, read_answerable)
    if root is not None:
        _ = sets.sets  # an error now if the folder is not there, not after training
    if dry_run:
        lines, whole = plan(chosen, settings, sets)
        print(lines, end="")
        return 0 if whole else 1
    complete = True
    for one in chosen:
        outcome = make(one, settings, sets, progress_bar, rows or [])
        print(outcome.to_markdown())
        for written in outcome.write(output):
            print(f"wrote {written}")
        complete = complete and outcome.complete
    if not complete:
        print("cardiolex: not every cell could be filled; see above", file=sys.stderr)
    return 0 if complete else 1


def _labels(given: list[str]) -> dict[str, Path]:
    """`FOLDER` for all rows, `KEY=FOLDER` for the rows of that key."""
    found: dict[str, Path] = {}
    for one in given:
        key, equals, folder = one.partition("=")
        found[key if equals else ""] = Path(folder if equals else one)
    return found
