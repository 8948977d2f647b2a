"""The command that probes a frozen encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.measuring import Measuring, asked
from cardiolex.cli.options import MeasuredLeads
from cardiolex.cli.pages import publish, say_kept, say_written
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.evaluation.answers import Features as Embed
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.probing import Features, ProbeResult, Probing


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
    leads: MeasuredLeads = None,
    published: Literal["merl", "kmerl", "supreme", "melp"] | None = None,
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
    published
        Train and report as this paper did instead, to compare with its table; needs a split.
    output
        Folder for the results as JSON and Markdown, and for the features, computed once.
    """
    from cardiolex.evaluation.page_parts import probe_part
    from cardiolex.evaluation.probing import Probing, probe_table
    from cardiolex.evaluation.results import write_json
    from cardiolex.files import write_text

    if (valid is None) != (test is None) or (test is not None and len(truth) != 1):
        raise CallError("--valid and --test go together, with one training table")
    if published is not None and test is None:
        raise CallError("--published needs the paper's split: give --valid and --test")
    wanted = [share_of(part) for part in shares.split(",")]
    model, chosen = asked(measuring, output), lead_names(leads)
    loaded = [measuring.load(path, chosen) for path in truth]
    results: list[ProbeResult] = []
    split = []
    if valid is not None and test is not None:
        split = [measuring.load(path, chosen) for path in (valid, test)]
        for part in split:
            same_conditions(loaded[0], part)
    for table in loaded:
        parts = [features_of(model.features, one, chosen) for one in (table, *split)]
        for share in wanted:
            count = draws if share < 1 or not split else 1
            probing = Probing(
                table.table.name, model.name, share, count, measuring.resamples, measuring.seed
            )
            results.append(_probed(parts, table.table.conditions, probing, folds, published))
    text = probe_table(results)
    print(text, end="")
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        stem = "linear-probe" if published is None else f"linear-probe-{published}"
        write_json(output / f"{stem}.json", [one.to_dict() for one in results])
        write_text(output / f"{stem}.md", text)
        say_written([output / f"{stem}.json", output / f"{stem}.md"])
        tables = list(dict.fromkeys(one.table for one in results))
        publish(
            output / stem,
            [probe_part([one for one in results if one.table == name]) for name in tables],
            loaded=[*loaded, *split],
            asked=model,
            measuring=measuring,
        )
    say_kept(model)
    return 1 if any(one.unreadable for one in (*loaded, *split)) else 0


def _probed(
    parts: Sequence[Features],
    conditions: Sequence[str],
    probing: Probing,
    folds: int,
    published: Literal["merl", "kmerl", "supreme", "melp"] | None,
) -> ProbeResult:
    """One share: cross-validated, on the split, or as a paper did it."""
    from cardiolex.evaluation.probing import cross_validated, on_split
    from cardiolex.evaluation.published_probe import published_probe

    if len(parts) == 1:
        return cross_validated(parts[0], conditions, probing, folds)
    if published is None:
        return on_split(parts[0], parts[1], parts[2], conditions, probing)
    return published_probe(parts[0], parts[1], parts[2], conditions, probing, published)


def share_of(text: str) -> float:
    """Per cent as a share above 0, up to 1; CallError for anything else."""
    try:
        share = float(text) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise CallError(f"--shares {text!r}: give per cent above 0, up to 100, such as 1,10,100")
    return share


def features_of(embed: Embed, loaded: LoadedTable, leads: Sequence[str] | None = None) -> Features:
    """Features of all recordings, computed once."""
    from cardiolex.evaluation.answers import embed_in_batches
    from cardiolex.evaluation.probing import Features

    with progress_bar(f"embedding {loaded.table.name}") as progress:
        values = embed_in_batches(embed, loaded.recordings, leads, progress=progress)
    patients, _ = loaded.patients()
    return Features(values, loaded.table.labels[loaded.rows], patients)


def same_conditions(train: LoadedTable, other: LoadedTable) -> None:
    """Classes are aligned by name: MERL's tables have columns in another order in the test set."""
    if train.table.conditions != other.table.conditions:
        raise CallError(
            f"{other.table.name}: has other classes, or in another order, than "
            f"{train.table.name}; give tables with equal columns"
        )
