"""The command that trains an encoder along with a linear layer on labelled recordings."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.batch import lead_names
from cardiolex.cli.call_error import CallError
from cardiolex.cli.measuring import Measuring
from cardiolex.cli.options import MeasuredLeads
from cardiolex.cli.probe import same_conditions, share_of
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from torch import nn

    from cardiolex.evaluation.fine_tuning import Labelled
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.probing import ProbeResult
    from cardiolex.interpreter import Interpreter


def fine_tune(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    from_scratch: bool = False,
    shares: str = "10,100",
    draws: int = 1,
    folds: int = 5,
    test: Path | None = None,
    leads: MeasuredLeads = None,
    epochs: float = 30,
    lr: float = 5e-4,
    head_lr: float = 5e-3,
    batch_size: int = 32,
    device: str = "cpu",
    output: Path | None = None,
) -> int:
    """AUROC of the encoder fine-tuned together with a linear layer on the labelled recordings.

    Settings are fixed, nothing is chosen on any record.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition. Each is
        cross-validated by patient; with --test it is the training part of a split.
    from_scratch
        Begin with fresh weights: the same network without pre-training.
    shares
        Per cent of the training patients.
    draws
        How often shares and folds are drawn; figures are means over draws.
    folds
        Folds of the cross-validation.
    test
        Table of the records that are judged.
    epochs
        Over the training windows, at least 100 steps.
    lr
        Largest learning rate of the encoder.
    head_lr
        Largest learning rate of the linear layer.
    batch_size
        Windows in a step.
    device
        Where to train, e.g. "cuda".
    output
        Folder for the results as JSON and Markdown.
    """
    from cardiolex.evaluation.fine_tuning import FineTuning, cross_tuned, tuned_on_split
    from cardiolex.evaluation.probing import Probing, probe_table
    from cardiolex.evaluation.results import write_json
    from cardiolex.files import write_text
    from cardiolex.interpreter import load

    if test is not None and len(truth) != 1:
        raise CallError("--test goes with one training table")
    wanted = [share_of(part) for part in shares.split(",")]
    settings = FineTuning(
        epochs=epochs, batch_size=batch_size, lr=lr, head_lr=head_lr, device=device
    )
    interpreter, chosen = load(measuring.model, "cpu"), lead_names(leads)
    name = f"{interpreter.name}, from scratch" if from_scratch else interpreter.name
    make = _maker(interpreter, measuring.seed if from_scratch else None)
    tables = [measuring.load(path, chosen) for path in (*truth, *([test] if test else []))]
    parts = [_labelled(interpreter, table, chosen) for table in tables]
    if test is not None:
        same_conditions(*tables)
    results: list[ProbeResult] = []
    for table, part in list(zip(tables, parts, strict=True))[: len(truth)]:
        conditions = table.table.conditions
        for share in wanted:
            probing = Probing(
                table.table.name, name, share, draws, measuring.resamples, measuring.seed
            )
            with progress_bar(f"fine-tuning on {share:.0%} of {table.table.name}") as progress:
                results.append(
                    cross_tuned(make, part, conditions, probing, settings, folds, progress)
                    if test is None
                    else tuned_on_split(make, part, parts[1], conditions, probing, settings)
                )
    text = probe_table(results)
    print(text, end="")
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        write_json(output / "fine-tune.json", [one.to_dict() for one in results])
        write_text(output / "fine-tune.md", text)
        print(f"wrote {output / 'fine-tune.json'}, {output / 'fine-tune.md'}")
    return 1 if any(table.unreadable for table in tables) else 0


def _maker(interpreter: Interpreter, seed: int | None) -> Callable[[], nn.Module]:
    """A function that gives the model's network anew, with fresh weights if there is a seed."""
    if seed is None:
        return lambda: copy.deepcopy(interpreter.system)

    def fresh() -> nn.Module:
        import torch

        from cardiolex.systems import build

        checkpoint = interpreter.checkpoint
        settings = checkpoint.system.config
        vectors = torch.zeros(len(checkpoint.vocabulary), settings.text_dim)
        torch.manual_seed(seed)
        return build(checkpoint.system_name, settings, checkpoint.text, vectors)

    return fresh


def _labelled(interpreter: Interpreter, loaded: LoadedTable, leads: list[str] | None) -> Labelled:
    """The windows of all recordings of a table, as the model takes them."""
    from cardiolex.evaluation.fine_tuning import Labelled

    chosen = [one if leads is None else one.select(leads) for one in loaded.recordings]
    windows = [interpreter.checkpoint.preprocess.windows(one) for one in chosen]
    patients, _ = loaded.patients()
    return Labelled.of(windows, loaded.table.labels[loaded.rows], patients)
