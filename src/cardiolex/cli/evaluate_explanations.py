"""The command that measures how faithful explanations are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardiolex.cli.options import ModelFolder, RecordRoot, Resamples, TruthTables
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.recordings.recording import Recording

SECONDS = 10.0


def explanations(
    truth: TruthTables,
    /,
    *,
    root: RecordRoot,
    model: ModelFolder = None,
    resamples: Resamples = 1000,
    seed: int = 0,
    records: int = 32,
    methods: str = "gradient,attention,input",
) -> int:
    """Deletion tests: do answers hang on what is marked more than on pieces at random?

    Parameters
    ----------
    seed
        Of the bootstrap, and of which recordings are drawn.
    records
        How many recordings of each table, drawn with the seed; one condition of each is explained.
    methods
        Some of attention, gradient, input, occlusion.
    """
    from cardiolex.evaluation.faithfulness import HEAD, chosen_pairs, faithfulness
    from cardiolex.evaluation.truth import read_truth
    from cardiolex.interpreter import load
    from cardiolex.recordings.readers import read

    interpreter = load(model)
    recordings: list[Recording] = []
    conditions: list[str] = []
    patients: list[str] = []
    for path in truth:
        table = read_truth(path, root)
        for row, condition in chosen_pairs(table, records, seed):
            one = read(table.paths()[row])
            whose = table.patients[row] if table.patients else one.patient or table.records[row]
            recordings.append(one.crop(0.0, min(SECONDS, one.duration)))
            conditions.append(condition)
            patients.append(f"{path.stem}/{whose}")
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
            resamples=resamples,
            seed=seed,
            progress=progress,
        )
    print("\n".join([HEAD, *(one.row() for one in found)]))
    return 0
