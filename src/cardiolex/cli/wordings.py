"""The command that measures whether a model understands words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.cli.measuring import load_truth
from cardiolex.cli.options import MeasuredLeads, ModelFolder, RecordRoot
from cardiolex.cli.progress import progress_bar

if TYPE_CHECKING:
    from cardiolex.reports.vocabulary import Vocabulary

BATCH = 32
MOST = 6  # synonyms of a condition


def wordings(
    truth: list[Path],
    /,
    *,
    root: RecordRoot,
    model: ModelFolder = None,
    leads: MeasuredLeads = None,
    output: Path | None = None,
) -> int:
    """Do synonyms, abbreviations and free phrases score like the name, and opposites not?

    For every condition of the tables: rank correlation, over all their recordings, of the logits
    of each wording with those of the name. Texts are put to the model as they are written.

    Parameters
    ----------
    truth
        CSV tables: a column `record` with paths, then one column per condition.
    output
        Folder for table and JSON.
    """
    import numpy as np

    from cardiolex.cli.batch import lead_names
    from cardiolex.evaluation.wordings import evaluate_wordings
    from cardiolex.interpreter import load

    interpreter = load(model)
    tables = [load_truth(path, root, leads=lead_names(leads)) for path in truth]
    unique = {recording.source: recording for t in tables for recording in t.recordings}
    recordings = list(unique.values())
    asked = [condition for table in tables for condition in table.table.conditions]
    names = [q.name or q.text for q in interpreter.questions(asked)]

    def score(texts: Sequence[str]) -> np.ndarray:
        parts = []
        with progress_bar("scoring") as progress:
            for start in range(0, len(recordings), BATCH):
                part = recordings[start : start + BATCH]
                parts.append(interpreter.text_logits(part, texts, lead_names(leads)))
                progress(start + len(part), len(recordings))
        return np.concatenate(parts)

    texts = texts_of(dict.fromkeys(names), interpreter.checkpoint.vocabulary)
    result = evaluate_wordings(score, texts, model=interpreter.name)
    print(result.to_markdown())
    if output is not None:
        for written in result.write(output):
            print(f"wrote {written}")
    return 1 if any(table.unreadable for table in tables) else 0


def texts_of(
    names: Sequence[str] | dict[str, None], vocabulary: Vocabulary
) -> dict[str, dict[str, list[str]]]:
    """Name -> kind -> texts, of names that the vocabulary knows."""
    from cardiolex.reports.everyday import everyday_phrases

    found = {}
    for name in names:
        if name not in vocabulary:
            continue
        entity = vocabulary[name]
        found[name] = {
            "synonym": [text for text in entity.english if text != name][:MOST],
            "abbreviation": list(entity.abbreviations),
            "phrase": list(everyday_phrases().get(name, ())),
            "opposite": [other for other in entity.never_merge if other in vocabulary],
        }
    return found
