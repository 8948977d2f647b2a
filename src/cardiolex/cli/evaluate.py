"""Commands that measure a model on labelled real recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from cardiolex.cli.batch import lead_names
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.evaluation.results import ZeroShotResult
    from cardiolex.interpreter import Interpreter
    from cardiolex.recordings.recording import Recording


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What every measurement asks for."""

    root: Path
    """Folder that the record paths start from."""
    model: Path | None = None
    """A checkpoint folder; the bundled model by default."""
    prompts: Literal["name", "concise", "enriched"] | None = None
    """Ask by name, by a short phrase or by a description; by default as the model was made for."""
    resamples: int = 1000
    """Bootstrap samples, by patient where patients are known."""
    seed: int = 0
    """Seed of the bootstrap."""


def zero_shot(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    leads: str | None = None,
    output: Path | None = None,
) -> int:
    """AUROC and AUPRC of plain condition names, per class and macro, with 95 % intervals.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    leads
        Use these leads only, e.g. "I,II".
    output
        Folder for table, JSON and plot.
    """
    from cardiolex.interpreter import load

    interpreter = load(measuring.model, prompts=measuring.prompts)
    macros = []
    incomplete = False
    for path in truth:
        loaded = load_truth(path, measuring.root)
        result = _measured(interpreter, loaded, lead_names(leads), measuring)
        print(result.to_markdown())
        macros.append(result.macro_auroc.value)
        incomplete = incomplete or bool(result.unreadable)
        if output is not None:
            for written in result.write(output):
                print(f"wrote {written}")
    if len(macros) > 1:
        print(f"Mean of {len(macros)} macro AUROC: {sum(macros) / len(macros):.3f}")
    return 1 if incomplete else 0


def partial_leads(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    output: Path | None = None,
) -> int:
    """The same for 1 to 12 leads in the papers' order, every single lead, and clinical subsets.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    output
        Folder for table, JSON and plot.
    """
    from cardiolex.evaluation.partial_leads import evaluate_partial_leads
    from cardiolex.interpreter import load

    interpreter = load(measuring.model, prompts=measuring.prompts)
    incomplete = False
    for path in truth:
        loaded = load_truth(path, measuring.root)
        result = evaluate_partial_leads(
            interpreter.score,
            loaded,
            model=interpreter.name,
            seen=_seen(interpreter, loaded),
            resamples=measuring.resamples,
            seed=measuring.seed,
        )
        print(result.to_markdown())
        incomplete = incomplete or bool(loaded.unreadable)
        if output is not None:
            for written in result.write(output):
                print(f"wrote {written}")
    return 1 if incomplete else 0


def card(truth: list[Path], /, *, measuring: Measuring, output: Path) -> int:
    """Zero-shot figures with all leads, I, II, V1 and the limb leads, written into a model card.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    output
        Folder for the checkpoint with the new card; may be the model's own.
    """
    from cardiolex.checkpoint import check_output, revise
    from cardiolex.evaluation.card import SUBSETS, measured, with_section
    from cardiolex.interpreter import BUNDLED, load

    check_output(output)
    interpreter = load(measuring.model, prompts=measuring.prompts)
    tables = [load_truth(path, measuring.root) for path in truth]
    results = {
        subset: [_measured(interpreter, loaded, leads, measuring) for loaded in tables]
        for subset, leads in SUBSETS.items()
    }
    section = measured(results)
    print(section, end="")
    text = with_section(interpreter.checkpoint.card, section)
    print(f"wrote {revise(measuring.model or BUNDLED, output, card=text) / 'README.md'}")
    return 1 if any(loaded.unreadable for loaded in tables) else 0


def _measured(
    interpreter: Interpreter,
    loaded: LoadedTable,
    leads: Sequence[str] | None,
    measuring: Measuring,
) -> ZeroShotResult:
    from cardiolex.evaluation.zero_shot import evaluate_zero_shot

    with progress_bar(f"scoring {loaded.table.name}") as progress:
        return evaluate_zero_shot(
            interpreter.score,
            loaded,
            leads,
            seen=_seen(interpreter, loaded),
            model=interpreter.name,
            resamples=measuring.resamples,
            seed=measuring.seed,
            progress=progress,
        )


def load_truth(path: Path, root: Path) -> LoadedTable:
    """A truth table with its recordings, read with a progress bar."""
    from cardiolex.evaluation.loading import load_table
    from cardiolex.evaluation.truth import read_truth

    if not root.is_dir():
        raise CardiolexError(f"--root {root}: no such folder; give the one record paths start from")
    table = read_truth(path, root)
    with progress_bar(f"reading {table.name}") as progress:
        return load_table(table, read_answerable, progress=progress)


def read_answerable(path: Path) -> Recording:
    """Read a recording without its flat leads, which a model is not shown.

    CardiolexError where no answer can be given at all, so that the record is listed and the
    others are measured.
    """
    from cardiolex.interpreter import SHORTEST_S
    from cardiolex.recordings.readers import read
    from cardiolex.recordings.windowing import leads_with_signal

    recording = read(path)
    whole = [(0, recording.mv.shape[1])]
    (there,) = leads_with_signal(recording.mv, 1.0, whole, max_missing=0.5)
    if not there.any() or recording.duration < SHORTEST_S:
        raise CardiolexError(
            f"{path}: {recording.duration:.3g} s with signal in {there.sum()} leads; "
            f"at least {SHORTEST_S:g} s and a lead are needed"
        )
    return recording.select(
        [lead for lead, is_on in zip(recording.leads, there, strict=True) if is_on]
    )


def _seen(interpreter: Interpreter, loaded: LoadedTable) -> dict[str, bool]:
    conditions = loaded.table.conditions
    names = [question.name for question in interpreter.questions(conditions)]
    seen = interpreter.checkpoint.seen
    return {c: name in seen for c, name in zip(conditions, names, strict=True)}
