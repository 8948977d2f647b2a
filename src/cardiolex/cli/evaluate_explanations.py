"""The command that measures how faithful explanations are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardiolex.cli.evaluate import Measuring, load_truth
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.recordings.recording import Recording

SECONDS = 10.0


def explanations(
    truth: list[Path],
    /,
    *,
    measuring: Measuring,
    records: int = 32,
    methods: str = "gradient,attention,input",
) -> int:
    """Deletion tests: do answers hang on what is marked more than on pieces at random?

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one 0/1 column per condition.
    records
        How many recordings of each table, drawn with the seed; one condition of each is explained.
    methods
        Some of attention, gradient, input, occlusion.
    """
    from cardiolex.evaluation.faithfulness import HEAD, chosen_pairs, faithfulness
    from cardiolex.interpreter import load

    interpreter = load(measuring.model, prompts=measuring.prompts)
    recordings: list[Recording] = []
    conditions: list[str] = []
    patients: list[str] = []
    for path in truth:
        loaded = load_truth(path, measuring.root)
        whose, _ = loaded.patients()
        for place, condition in chosen_pairs(loaded, records, measuring.seed):
            one = loaded.recordings[place]
            recordings.append(one.crop(0.0, min(SECONDS, one.duration)))
            conditions.append(condition)
            patients.append(f"{path.stem}/{whose[place]}")
    if not recordings:
        raise CardiolexError("no table was named, so there is nothing to explain")

    def explain(recording: Recording, condition: str, method: Any) -> Any:
        return interpreter.explain(recording, condition, method=method)

    with progress_bar("explaining") as progress:
        found = faithfulness(
            explain,
            recordings,
            conditions,
            patients,
            [name.strip() for name in methods.split(",")],
            resamples=measuring.resamples,
            seed=measuring.seed,
            progress=progress,
        )
    print("\n".join([HEAD, *(one.row() for one in found)]))
    return 0
