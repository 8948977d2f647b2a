"""From words to questions, and from logits to findings: the same whatever computes the logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.calibration import Calibration
from cardiolex.errors import CardiolexError
from cardiolex.findings import Finding, Findings
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Windows
from cardiolex.recordings.quality import quality
from cardiolex.recordings.recording import Recording
from cardiolex.reports.prompts import Asking, wordings
from cardiolex.reports.vocabulary import Vocabulary

SHORTEST_S = 1.0  # below this there may be no heartbeat to look at


@dataclass(frozen=True)
class Question:
    """A condition as asked, the texts the model is asked with, and its canonical name if known.

    With several `wordings` (an ensemble) the logit is the mean of theirs; `text` is the first.
    """

    condition: str
    name: str | None
    wordings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The first wording."""
        return self.wordings[0]


@dataclass(frozen=True)
class Terms:
    """On what terms a model answers: its words, and what its logits mean."""

    model: str
    vocabulary: Vocabulary
    calibration: Calibration
    seen: frozenset[str]
    default_conditions: tuple[str, ...]
    prompts: Asking

    def questions(self, conditions: Sequence[str] | None) -> tuple[Question, ...]:
        """Turn words into what the model is asked with; none, or a blank one, is an error."""
        chosen = self.default_conditions if conditions is None else conditions
        asked = (chosen,) if isinstance(chosen, str) else tuple(chosen)
        if not asked or not all(condition.strip() for condition in asked):
            raise CardiolexError("a condition is blank: ask in words, e.g. 'sinus rhythm'")
        return tuple(
            Question(
                name,
                self.vocabulary.resolve(name),
                wordings(name, self.vocabulary, self.prompts),
            )
            for name in asked
        )

    def findings(
        self,
        whole: Recording,
        used: Recording,
        cut: Windows,
        logits: NDArray[np.float32],
        questions: Sequence[Question],
    ) -> Findings:
        """Findings of `whole` from the logits (W, C) of the windows `cut` from `used`."""
        names = [question.name or question.text for question in questions]
        by_window = self.calibration.probabilities(logits, names)  # (W, C)
        overall = self.calibration.probabilities(logits.mean(axis=0), names)  # (C,)
        state = quality(used)
        readable = state.undecidable is None
        rows = [
            Finding(
                condition=question.condition,
                query=question.text,
                probability=float(overall[column]),
                decision=bool(overall[column] >= self.calibration.threshold(name))
                if readable
                else None,
                threshold=self.calibration.threshold(name),
                seen=name in self.seen,
                calibrated=self.calibration.is_fitted(name),
                window_probabilities=tuple(float(p) for p in by_window[:, column]),
            )
            for column, (question, name) in enumerate(zip(questions, names, strict=True))
        ]
        visible: NDArray[np.bool_] = np.any(cut.lead_mask, axis=0)  # (12,)
        read = tuple(lead for lead in used.leads if visible[LEADS.index(lead)])
        return Findings(
            recording=whole,
            leads=read,
            rows=tuple(rows),
            warnings=state.warnings if readable else (f"{state.undecidable}", *state.warnings),
            model=self.model,
            window_starts_s=tuple(float(start) for start in cut.start_s),
        )


def mean_by_question(
    logits: NDArray[np.float32], questions: Sequence[Question]
) -> NDArray[np.float32]:
    """(W, texts) to (W, C): the mean over each question's wordings."""
    counts = np.array([len(question.wordings) for question in questions])
    if (counts == 1).all():
        return logits
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.asarray(np.add.reduceat(logits, starts, axis=1) / counts, dtype=np.float32)


def nearest_terms(
    vector: NDArray[np.floating], names: Sequence[str], vectors: NDArray[np.floating], most: int
) -> list[tuple[str, float]]:
    """The `most` of `names` with vectors (N, Dt) nearest to `vector` (Dt,), and their cosines."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    cosines = vectors @ vector / np.maximum(lengths, 1e-12)
    order = np.argsort(-cosines, kind="stable")[:most]
    return [(names[i], float(cosines[i])) for i in order]


def with_leads(recording: Recording, leads: Sequence[str] | None) -> Recording:
    """Keep `leads` only (limb leads derived where I and II allow), or all that was recorded."""
    if recording.duration < SHORTEST_S:
        raise CardiolexError(
            f"recording {recording.id!r} lasts {recording.duration:.3g} s; "
            f"at least {SHORTEST_S:g} s are needed for an answer"
        )
    return recording if leads is None else recording.select(leads, derive=True)
