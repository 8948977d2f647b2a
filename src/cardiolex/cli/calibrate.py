"""The command that fits a model's probabilities and decisions to labelled recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardiolex.cli.measuring import load_truth
from cardiolex.cli.options import ModelFolder, RecordRoot, TruthTables
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.calibration import Calibration
    from cardiolex.evaluation.loading import LoadedTable
    from cardiolex.interpreter import Interpreter

BATCH = 32  # recordings scored together


def calibrate(
    truth: TruthTables,
    /,
    *,
    root: RecordRoot,
    output: Path,
    model: ModelFolder = None,
    leads: str | None = None,
    ask: bool = False,
) -> int:
    """Fit probabilities and decisions to labelled recordings; rankings and AUROC stay the same.

    Every condition with 4 positives and 4 negatives over all tables, and logits that tell more than
    its frequency, gets a fit of its own, the others share one. Measure decisions on other
    recordings than these.

    Parameters
    ----------
    output
        Folder for the calibrated checkpoint; may be the model's own.
    leads
        Use these leads only, e.g. "I,II": calibration depends on what is seen.
    ask
        Let the calibrated conditions be those asked where the user names none.
    """
    from cardiolex.checkpoint import check_output, revise
    from cardiolex.cli.batch import lead_names
    from cardiolex.evaluation.card import with_section
    from cardiolex.evaluation.platt import fit_calibration
    from cardiolex.interpreter import BUNDLED, load

    check_output(output)
    interpreter = load(model)
    tables = [load_truth(path, root) for path in truth]
    samples: dict[str, list[Any]] = {}
    for loaded in tables:
        _collect(interpreter, loaded, lead_names(leads), samples)
    fit = fit_calibration({name: _joined(parts) for name, parts in samples.items()}, _words(tables))
    print(_described(fit, samples))
    revise(
        model or BUNDLED,
        output,
        calibration=fit,
        default_conditions=_in_order(interpreter, fit) if ask else None,
        card=with_section(interpreter.checkpoint.card, _section(fit, len(samples))),
    )
    print(f"wrote {output}")
    return 1 if any(loaded.unreadable for loaded in tables) else 0


def _collect(
    interpreter: Interpreter,
    loaded: LoadedTable,
    leads: Sequence[str] | None,
    samples: dict[str, list[Any]],
) -> None:
    """Add the table's logits and labels to `samples`, under the conditions' canonical names."""
    import numpy as np

    conditions = loaded.table.conditions
    logits = []
    with progress_bar(f"scoring {loaded.table.name}") as progress:
        for start in range(0, len(loaded.recordings), BATCH):
            part = loaded.recordings[start : start + BATCH]
            logits.append(interpreter.logits(part, conditions, leads))
            progress(start + len(part), len(loaded.recordings))
    scores, labels = np.concatenate(logits), loaded.table.labels[loaded.rows]
    for column, question in enumerate(interpreter.questions(conditions)):
        name = question.name or question.text
        samples.setdefault(name, []).append((scores[:, column], labels[:, column]))


def _joined(parts: list[Any]) -> tuple[Any, Any]:
    import numpy as np

    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _words(tables: Sequence[LoadedTable]) -> str:
    counts = [f"{loaded.table.name} ({len(loaded.recordings)} records)" for loaded in tables]
    return ", ".join(counts)


def _in_order(interpreter: Interpreter, fit: Calibration) -> list[str]:
    names = interpreter.checkpoint.vocabulary.names
    known = [name for name in names if name in fit.conditions]
    return known + [name for name in fit.conditions if name not in known]


def _described(fit: Calibration, samples: dict[str, list[Any]]) -> str:
    lines = [f"{'condition':45s} positives  scale  offset  threshold"]
    for name, parts in sorted(samples.items()):
        positives = int((_joined(parts)[1] == 1).sum())
        one = fit.conditions.get(name)
        told = (
            "shares the default"
            if one is None
            else (f"{one.scale:5.2f}  {one.offset:6.2f}  {one.threshold:9.2f}")
        )
        lines.append(f"{name:45s} {positives:9d}  {told}")
    return "\n".join(lines)


def _section(fit: Calibration, asked: int) -> str:
    return f"""## Calibration

Platt scaling of {len(fit.conditions)} of {asked} conditions on {fit.fitted_on}; the others share \
one fit. A condition counts as present from a threshold of its own: {fit.operating_point}. \
Decisions and probabilities must therefore be judged on other records; rankings and AUROC are not \
touched by calibration.
"""
