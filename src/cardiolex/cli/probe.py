"""The command that probes a frozen encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.evaluate import Measuring, load_truth
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.probing import Features, ProbeResult
    from cardiolex.interpreter import Interpreter


def linear_probe(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    shares: str = "1,10,100",
    draws: int = 5,
    folds: int = 5,
    valid: Path | None = None,
    test: Path | None = None,
    leads: str | None = None,
    output: Path | None = None,
) -> int:
    """AUROC of a linear layer on the frozen encoder's features, with 1, 10 and 100 % of the labels.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition. Each is
        cross-validated by patient; with --valid and --test it is the training part of a split.
    shares
        Per cent of the training patients.
    draws
        How often a share is drawn; figures are means over draws.
    folds
        Folds of the cross-validation.
    valid
        Table of the records on which the penalty is chosen.
    test
        Table of the records that are judged.
    leads
        Use these leads only, e.g. "I,II".
    output
        Folder for the results as JSON and Markdown.
    """
    from cardiolex.evaluation.probing import Probing, cross_validated, on_split, probe_table
    from cardiolex.evaluation.results import write_json
    from cardiolex.files import write_text
    from cardiolex.interpreter import load

    if (valid is None) != (test is None) or (test is not None and len(truth) != 1):
        raise CallError("--valid and --test go together, with one training table")
    wanted = [_share(part) for part in shares.split(",")]
    interpreter, chosen = load(measuring.model), lead_names(leads)
    loaded = [load_truth(path, measuring.root) for path in truth]
    results: list[ProbeResult] = []
    split = []
    if valid is not None and test is not None:
        split = [load_truth(path, measuring.root) for path in (valid, test)]
        for part in split:
            _same_conditions(loaded[0], part)
    for table in loaded:
        parts = [_features(interpreter, one, chosen) for one in (table, *split)]
        for share in wanted:
            probing = Probing(
                table.table.name,
                interpreter.name,
                share,
                draws if share < 1 or not split else 1,
                measuring.resamples,
                measuring.seed,
            )
            conditions = table.table.conditions
            if split:
                results.append(on_split(parts[0], parts[1], parts[2], conditions, probing))
            else:
                results.append(cross_validated(parts[0], conditions, probing, folds))
    text = probe_table(results)
    print(text, end="")
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        write_json(output / "linear-probe.json", [one.to_dict() for one in results])
        write_text(output / "linear-probe.md", text)
        print(f"wrote {output / 'linear-probe.json'}, {output / 'linear-probe.md'}")
    return 1 if any(one.unreadable for one in (*loaded, *split)) else 0


def _share(text: str) -> float:
    try:
        share = float(text) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise CallError(f"--shares {text!r}: give per cent above 0, up to 100, such as 1,10,100")
    return share


def _features(
    interpreter: Interpreter, loaded: LoadedTable, leads: list[str] | None, batch: int = 64
) -> Features:
    """Features of all recordings, computed once."""
    import numpy as np

    from cardiolex.evaluation.probing import Features

    recordings = loaded.recordings
    rows = []
    with progress_bar(f"embedding {loaded.table.name}") as progress:
        for start in range(0, len(recordings), batch):
            rows.append(interpreter.features(recordings[start : start + batch], leads=leads))
            progress(min(start + batch, len(recordings)), len(recordings))
    patients, _ = loaded.patients()
    return Features(np.concatenate(rows), loaded.table.labels[loaded.rows], patients)


def _same_conditions(train: LoadedTable, other: LoadedTable) -> None:
    """Classes are aligned by name: MERL's tables have columns in another order in the test set."""
    if train.table.conditions != other.table.conditions:
        raise CallError(
            f"{other.table.name}: has other classes, or in another order, than "
            f"{train.table.name}; give tables with equal columns"
        )
