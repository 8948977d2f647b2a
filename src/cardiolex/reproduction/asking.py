"""A model's answers and features, each computed once.

Conditions of all sets are asked together: an answer never depends on what else is asked, and the
four label sets of PTB-XL share their recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.evaluation.asked_once import together
from cardiolex.evaluation.kept_scores import KeptScores, fingerprint
from cardiolex.evaluation.probing import Features
from cardiolex.interpreter import Interpreter, load
from cardiolex.recordings.recording import Recording
from cardiolex.reproduction.definition import Prompts
from cardiolex.reproduction.evaluation_sets import EvaluationSets
from cardiolex.reproduction.settings import Settings

CHUNK = 256
"""Recordings read and embedded at a time."""


class Asked:
    """One model, opened when it is first asked."""

    def __init__(
        self, model: Path, prompts: Prompts | None, sets: EvaluationSets, settings: Settings
    ) -> None:
        self._folder, self._prompts, self._sets, self._settings = model, prompts, sets, settings

    @cached_property
    def _kept(self) -> KeptScores:
        """Answers and features on disk: a kill loses the batch in work."""
        path = self._settings.output / "answers" / f"{self._folder.parent.name}.sqlite"
        return KeptScores(path, fingerprint(self._folder, self._prompts or ""))

    @cached_property
    def interpreter(self) -> Interpreter:
        """The model."""
        return load(self._folder, self._settings.device, prompts=self._prompts)

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        tables = [t for one in self._sets.sets.values() for t in one.parts.values()]
        asked = [condition for table in tables for condition in table.conditions]
        return tuple(dict.fromkeys(asked))

    def seen(self, conditions: Sequence[str]) -> dict[str, bool]:
        """Which conditions had positives in pre-training, under their vocabulary names."""
        names = [question.name for question in self.interpreter.questions(conditions)]
        known = self.interpreter.checkpoint.seen
        return {c: name in known for c, name in zip(conditions, names, strict=True)}

    def score(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str],
        leads: Sequence[str] | None,
    ) -> NDArray[np.float64]:
        """Probabilities (N, C); an answer never depends on what else is asked."""
        ask = together(self._kept.score(self.interpreter.score), self._conditions)
        return np.asarray(ask(recordings, conditions, leads), np.float64)

    def features(self, name: str, part: str) -> tuple[Features, tuple[str, ...]]:
        """Embeddings of a part of a set ("": all of it) with labels, and the classes."""
        table = self._sets.table(name, part)
        embed = self._kept.features(self._embed)
        rows: list[NDArray[np.float32]] = []
        labels: list[NDArray[np.float32]] = []
        patients: list[str] = []
        for start in range(0, len(table.records), CHUNK):
            some = slice(start, start + CHUNK)
            loaded = self._sets.load(
                replace(
                    table,
                    records=table.records[some],
                    labels=table.labels[some],
                    patients=None if table.patients is None else table.patients[some],
                )
            )
            rows.append(np.asarray(embed(loaded.recordings, None), np.float32))
            labels.append(loaded.table.labels[loaded.rows])
            patients += loaded.patients()[0]
        return Features(np.concatenate(rows), np.concatenate(labels), patients), table.conditions

    def _embed(
        self, recordings: Sequence[Recording], leads: Sequence[str] | None
    ) -> NDArray[np.float32]:
        return self.interpreter.features(recordings, leads=leads)
