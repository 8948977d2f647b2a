"""Recordings in, findings out, by an exported model: the answers of the checkpoint it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.answering import Question, mean_by_question, nearest_terms, with_leads
from cardiolex.errors import CardiolexError
from cardiolex.explaining.deletion import DRAWS, SHARES, falls
from cardiolex.explaining.lead_subset import WITHIN, few_leads
from cardiolex.explaining.occlusion import occlusion
from cardiolex.explanation import DeletionTest, Explanation, LeadSubset
from cardiolex.findings import Findings
from cardiolex.portable.folder import Exported, load_exported
from cardiolex.portable.tokens import recorded
from cardiolex.recordings.measurements.windows import measure_windows
from cardiolex.recordings.preprocess import Windows
from cardiolex.recordings.recording import Recording
from cardiolex.reports.prompts import Asking

Vectors = NDArray[np.float32]


class OnnxInterpreter:
    """Answers questions as `cardiolex.interpreter.Interpreter` does, without torch."""

    def __init__(self, model: Exported) -> None:
        self.model, self.terms = model, model.terms
        self._vectors: dict[str, Vectors] = {}

    @property
    def name(self) -> str:
        """Name and version of the model, as its card gives them."""
        return self.terms.model

    @property
    def default_conditions(self) -> tuple[str, ...]:
        """Conditions asked where the caller names none."""
        return self.terms.default_conditions

    def questions(self, conditions: Sequence[str] | None) -> tuple[Question, ...]:
        """Turn words into what the model is asked with; none, or a blank one, is an error."""
        return self.terms.questions(conditions)

    def interpret(
        self,
        recording: Recording,
        conditions: Sequence[str] | None = None,
        *,
        leads: Sequence[str] | None = None,
    ) -> Findings:
        """Answer `conditions` (plain words) for one recording, using only `leads` if given."""
        return next(self.interpret_many([recording], conditions, leads=leads))

    def interpret_many(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str] | None = None,
        *,
        leads: Sequence[str] | None = None,
    ) -> Iterator[Findings]:
        """Findings for several recordings, in order."""
        questions = self.questions(conditions)
        for whole in recordings:
            used = with_leads(whole, leads)
            cut = self.model.preprocess.windows(used)
            yield self.terms.findings(whole, used, cut, self._logits(cut, questions), questions)

    def score(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str],
        leads: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Probabilities (N, C): the same numbers as `interpret` gives."""
        many = self.interpret_many(recordings, conditions, leads=leads)
        rows = [[row.probability for row in findings] for findings in many]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(conditions))

    def logits(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str],
        leads: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Logits (N, C), mean over windows."""
        questions = self.questions(conditions)
        cuts = [self.model.preprocess.windows(with_leads(one, leads)) for one in recordings]
        return np.stack([self._logits(cut, questions).mean(axis=0) for cut in cuts]).astype(float)

    def explain(
        self,
        recording: Recording,
        condition: str,
        *,
        leads: Sequence[str] | None = None,
        method: str | None = None,
    ) -> Explanation:
        """Where the answer comes from, by occlusion: gradients need the checkpoint and torch.

        Explains the window in which the condition shows most.
        """
        if method not in (None, "occlusion"):
            raise CardiolexError(
                f"explaining by {method!r} needs gradients or attention; an exported model "
                "explains by 'occlusion'"
            )
        (question,) = self.questions([condition])
        used = with_leads(recording, leads)
        windows = self.model.preprocess.windows(used)
        queries = self.vectors([question.text])
        each = [_TokenPieces(self.model, windows, row, queries) for row in range(len(windows))]
        logits = [pieces.logits(pieces.there[None])[0] for pieces in each]
        row = int(np.argmax(logits))
        found = occlusion(each[row])
        tested = falls(each[row], found, logits[row], SHARES, DRAWS, row)
        (finding,) = self.interpret(recording, [condition], leads=leads)
        return Explanation(
            record=recording.id,
            condition=condition,
            query=question.text,
            method="occlusion",
            model=self.name,
            probability=finding.probability,
            logit=float(logits[row]),
            relevance=found[None],
            recorded=each[row].there[None],
            segment_s=each[row].segment_s,
            window_starts_s=(float(windows.start_s[row]),),
            windows=len(windows),
            deletion=DeletionTest(SHARES, *tested, _TokenPieces.removal),
            signal_share=1.0 - self.model.reader_share,
        )

    def sufficient_leads(
        self,
        recording: Recording,
        condition: str,
        *,
        leads: Sequence[str] | None = None,
        within: float = WITHIN,
    ) -> LeadSubset:
        """The smallest subset of leads that gives the decision of all, `within` in probability."""
        return few_leads(self, with_leads(recording, leads), condition, within)

    def nearest_terms(self, condition: str, most: int = 3) -> list[tuple[str, float]]:
        """What of the training vocabulary is nearest in meaning, with the cosine of the texts."""
        names = sorted(self.terms.seen)
        asked = [question.text for question in self.questions([condition, *names])]
        vectors = self.vectors(asked)
        return nearest_terms(vectors[0], names, vectors[1:], most)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Query vectors (C, Dt), each text encoded once in this object's life."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self.model.text.encode(missing), strict=True))
        return np.stack([self._vectors[text] for text in texts])

    def _logits(self, windows: Windows, questions: Sequence[Question]) -> NDArray[np.float32]:
        """Logits (W, C) of a recording's windows, of signal and measurements together."""
        queries = self.vectors([text for asked in questions for text in asked.wordings])
        return mean_by_question(self._read(windows, queries), questions)

    def _read(self, windows: Windows, queries: Vectors) -> NDArray[np.float32]:
        """Logits (W, texts): of the signal, and of its measurements."""
        model = self.model
        visible = recorded(windows.lead_mask, windows.sample_mask, model.segment_samples)
        signal = model.score(windows.ecg, visible, queries)
        if model.reader is None:
            return signal
        measured = measure_windows(windows, model.preprocess.fs)
        read = model.reader(measured=measured, query_vectors=queries)
        nothing = np.isnan(measured).all(axis=1, keepdims=True)
        share = np.where(nothing, 0.0, model.reader_share)
        return np.asarray((1 - share) * signal + share * read, np.float32)


class _TokenPieces:
    """Pieces of one window, taken away as tokens that do not exist."""

    removal = "absent"

    def __init__(self, model: Exported, windows: Windows, row: int, queries: Vectors) -> None:
        self._model, self._queries = model, queries
        self._ecg = windows.ecg[row : row + 1]
        masks = windows.lead_mask[row : row + 1], windows.sample_mask[row : row + 1]
        self.there: NDArray[np.bool_] = recorded(*masks, model.segment_samples)[0]
        self.segment_s = model.segment_samples / model.preprocess.fs

    def logits(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        ecg = np.broadcast_to(self._ecg, (len(kept), *self._ecg.shape[1:]))
        return self._model.score(ecg, kept, self._queries)[:, 0].astype(np.float64)


def load_onnx(
    folder: str | Path, *, threads: int | None = None, prompts: Asking | None = None
) -> OnnxInterpreter:
    """An exported model from its folder."""
    return OnnxInterpreter(load_exported(folder, threads=threads, prompts=prompts))
