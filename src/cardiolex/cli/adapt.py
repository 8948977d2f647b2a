"""The command that goes on with a model on labelled real recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cardiolex.cli.measuring import load_truth
from cardiolex.cli.options import ModelFolder, RecordRoot, TruthTables
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.calibration import Calibration
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.recipes.adapted_reader import Gain
    from cardiolex.recipes.labelled_views import LabelledViews


def adapt(
    truth: TruthTables,
    /,
    *,
    root: RecordRoot,
    output: Path,
    model: ModelFolder = None,
    folds: int = 5,
    seed: int = 0,
    changes_only: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Move a model towards your labelled recordings, and measure what that brings.

    Only the last layer of the reader of measurements is trained, for any leads and any condition.
    Figures, probabilities and decisions come from answers about patients that were left out. Name
    patients in a column `patient`, or every record is taken as a patient of its own.

    Parameters
    ----------
    output
        Folder for the adapted checkpoint.
    folds
        Parts that patients are divided into; each is answered by a model adapted to the others.
    seed
        Of the folds, of the leads seen, and of the order of training.
    changes_only
        Write a small folder that takes all else from the bundled model it was made from.
    """
    from cardiolex.bundled import BUNDLED
    from cardiolex.checkpoint import check_output, load_checkpoint, save_checkpoint
    from cardiolex.errors import CardiolexError
    from cardiolex.evaluation.card import with_section
    from cardiolex.recipes.adapted_reader import Adapting, adapted, answers, gains, left_out
    from cardiolex.recipes.labelled_views import labelled_views
    from cardiolex.recipes.pretrain import is_local

    if changes_only and model is not None:
        raise CardiolexError("--changes-only goes with the bundled model; leave --model out")
    check_output(output)
    checkpoint = load_checkpoint(model or BUNDLED)
    reader = checkpoint.reader
    if reader is None:
        raise CardiolexError(
            f"{model}: has no reader of measurements; give it one with `cardiolex pretrain reader`"
        )
    tables = [load_truth(path, root) for path in truth]
    with progress_bar("looking") as progress:
        views = labelled_views(checkpoint, tables, seed=seed, progress=progress)
    how = Adapting(seed=seed)
    with progress_bar("adapting") as progress:
        apart = left_out(reader, views, folds, how, progress)
    measured = gains(views, answers(reader, views), apart, seed=seed)
    fit = _calibration(views, apart, tables)
    section = _section(measured, tables, views, folds)
    facts = {"tables": [one.table.name for one in tables], "folds": folds, **asdict(how)}
    made = replace(
        checkpoint,
        name=f"{checkpoint.name}, adapted",
        reader=adapted(reader, views, how),
        calibration=fit,
        seen=checkpoint.seen | set(views.conditions),
        training={**checkpoint.training, "adapted": facts},
        card=with_section(_without_figures(checkpoint.card), section),
    )
    borrows = "default" if changes_only else None
    local = is_local(made.text)
    save_checkpoint(made, output, weights="float16", with_text=local, borrows=borrows)
    print(_described(measured))
    print(f"wrote {output}")
    return 1 if any(one.unreadable for one in tables) else 0


def _calibration(
    views: LabelledViews, logits: object, tables: Sequence[LoadedTable]
) -> Calibration:
    """Probabilities from answers, with all leads, about patients that were left out."""
    import numpy as np

    from cardiolex.evaluation.platt import fit_calibration

    scores, records = views.by_record(np.asarray(logits), 0)
    labels = views.labels_of(records)
    samples = {}
    for column, name in enumerate(views.conditions):
        known = ~np.isnan(labels[:, column])
        samples[name] = (scores[known, column], labels[known, column])
    return fit_calibration(samples, f"left-out patients of {_words(tables)}")


def _words(tables: Sequence[LoadedTable]) -> str:
    return ", ".join(f"{one.table.name} ({len(one.recordings)} records)" for one in tables)


def _without_figures(card: str) -> str:
    """The card without figures of the model as it was."""
    from cardiolex.evaluation.card import without_section

    headings = ("## Calibration", "## Measured", "## Words, groups, disturbances", "## Adapted")
    for heading in headings:
        card = without_section(card, heading)
    return card


def _described(measured: Sequence[Gain]) -> str:
    lines = ["AUROC on patients left out, mean over conditions:"]
    for one in measured:
        change = one.difference
        lines.append(
            f"  {one.views} ({one.conditions} conditions): {one.before} before, {one.after} after, "
            f"difference {change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
        )
    return "\n".join(lines)


def _section(
    measured: Sequence[Gain], tables: Sequence[LoadedTable], views: LabelledViews, folds: int
) -> str:
    return f"""## Adapted

What is said above of training holds for the model that this one was made from. The last \
layer of the reader of measurements was trained further on real recordings, each seen \
with all its leads, with one and with a few: {_words(tables)}; {len(set(views.patients))} \
patients, {len(views.conditions)} conditions. Figures are of {folds} models, each asked about the \
patients that it was adapted without; probabilities and thresholds were fitted to those answers. \
This model itself has seen all of these recordings: judge it on others.

{_described(measured)}
"""
