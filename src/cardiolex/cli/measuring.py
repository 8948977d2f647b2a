"""What every measurement asks for on the command line, and the model it is asked of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from cardiolex import __version__
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardiolex.evaluation.answers import Answers
    from cardiolex.evaluation.kept_scores import KeptScores
    from cardiolex.evaluation.loading import LoadedTable, Score
    from cardiolex.interpreter import Interpreter
    from cardiolex.recordings.recording import Recording

Prompts = Literal["name", "concise", "enriched", "ensemble"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """What every measurement asks for."""

    root: Path
    """Folder that the record paths start from."""
    model: Path | None = None
    """A checkpoint folder; the bundled model by default."""
    prompts: Prompts | None = None
    """Ask by name, by a short phrase, by a description, or by several wordings and average; by
    default as the model was made for."""
    resamples: int = 1000
    """Bootstrap samples, by patient where patients are known."""
    seed: int = 0
    """Seed of the bootstrap, and of whatever else is drawn."""
    pdf: bool = False
    """Print the page to PDF as well, through Chromium, Chrome or Edge."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Measuring(Common):
    """What measurements on truth tables ask for beside."""

    cache: Path | None = None
    """File of kept answers; by default scores.sqlite in the output folder, if one is named."""
    first_seconds: float | None = None
    """Look at this much of each recording only; the papers cut CPSC2018 to its first 5 seconds."""

    def load(self, path: Path, leads: Sequence[str] | None = None) -> LoadedTable:
        """The truth table `path` with its recordings that have `leads`."""
        return load_truth(path, self.root, self.first_seconds, leads=leads)


@dataclass(frozen=True)
class Asked:
    """A model ready to be measured: what it answered before is not asked again."""

    interpreter: Interpreter
    score: Score
    features: Callable[[Sequence[Recording], Sequence[str] | None], NDArray[np.floating]]
    kept: KeptScores | None

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.interpreter.name

    def answers(self, loaded: LoadedTable, leads: Sequence[str] | None = None) -> Answers:
        """Its answers to a table, with a progress bar."""
        from cardiolex.evaluation.answers import ask

        with progress_bar(f"scoring {loaded.table.name}") as progress:
            return ask(self.score, loaded, leads, model=self.name, progress=progress)

    def seen(self, conditions: Sequence[str]) -> dict[str, bool]:
        """Which conditions, by the name the vocabulary gives them, it met in pre-training."""
        names = [question.name for question in self.interpreter.questions(conditions)]
        met = self.interpreter.checkpoint.seen
        return {c: name in met for c, name in zip(conditions, names, strict=True)}


def asked(
    measuring: Measuring,
    output: Path | None = None,
    *,
    model: Path | None = None,
    prompts: Prompts | None = None,
) -> Asked:
    """Load the model of `measuring`, or another, with the file of kept answers if there is one."""
    from cardiolex.bundled import BUNDLED, bundled_or
    from cardiolex.evaluation.kept_scores import KeptScores, fingerprint
    from cardiolex.interpreter import load

    folder = model or measuring.model
    interpreter = load(folder, prompts=prompts or measuring.prompts)

    def features(
        recordings: Sequence[Recording], leads: Sequence[str] | None
    ) -> NDArray[np.floating]:
        return interpreter.features(recordings, leads=leads)

    path = measuring.cache or (None if output is None else output / "scores.sqlite")
    if path is None:
        return Asked(interpreter, interpreter.score, features, None)
    kept = KeptScores(
        path, fingerprint(bundled_or(folder or BUNDLED), interpreter.prompts, __version__)
    )
    return Asked(interpreter, kept.score(interpreter.score), kept.features(features), kept)


def load_truth(
    path: Path,
    root: Path,
    first_seconds: float | None = None,
    *,
    leads: Sequence[str] | None = None,
) -> LoadedTable:
    """A truth table with its recordings, or their beginnings, read with a progress bar.

    Recordings that lack one of `leads` are left out, and their number is said on stderr.
    """
    from cardiolex.evaluation.answers import having
    from cardiolex.evaluation.loading import load_table
    from cardiolex.evaluation.truth import read_truth

    if not root.is_dir():
        raise CardiolexError(f"--root {root}: no such folder; give the one record paths start from")
    table = read_truth(path, root)
    with progress_bar(f"reading {table.name}") as progress:
        loaded = load_table(
            table, lambda path: read_answerable(path, first_seconds), progress=progress
        )
    kept = having(loaded, leads)
    read, usable = len(loaded.recordings), len(kept.recordings)
    if usable < read:
        print(
            f"cardiolex: {table.name}: {read - usable} of {read} recordings are left out, since "
            f"they lack one of {', '.join(leads or ())}",
            file=sys.stderr,
        )
    return kept


def read_answerable(path: Path, first_seconds: float | None = None) -> Recording:
    """Read a recording, or its beginning, without its flat leads, which a model is not shown.

    CardiolexError where no answer can be given at all, so that the record is listed and the
    others are measured.
    """
    from cardiolex.interpreter import SHORTEST_S
    from cardiolex.recordings.readers import read
    from cardiolex.recordings.windowing import leads_with_signal

    recording = read(path)
    if first_seconds is not None:
        recording = recording.crop(0, first_seconds)
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
