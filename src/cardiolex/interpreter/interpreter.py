"""A loaded model that reads recordings: file to findings, embeddings and scores.

Whatever the recording, three things hold (tested): the score of a condition does not depend on
the other conditions asked, nor on the order of leads in the file, nor on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.answering import (
    Question,
    Terms,
    mean_by_question,
    nearest_terms,
    with_leads,
)
from cardiolex.capabilities import Aligns, ScoresQueries, WritesReports
from cardiolex.checkpoint import Checkpoint
from cardiolex.checkpoint.identity import fingerprint
from cardiolex.errors import CardiolexError
from cardiolex.explaining.explain import explain_windows
from cardiolex.explaining.lead_subset import WITHIN, few_leads
from cardiolex.explaining.measured import speaking_values
from cardiolex.explaining.relevance import Method, default_method
from cardiolex.explanation import Explanation, LeadSubset, MeasuredValue
from cardiolex.findings import Findings
from cardiolex.inference.precision import Precision
from cardiolex.interpreter.networks import Networks
from cardiolex.nn.one_core import each_on_one_core
from cardiolex.recordings.measurements.windows import measure_windows
from cardiolex.recordings.preprocess import Windows
from cardiolex.recordings.recording import Recording
from cardiolex.reports.prompts import Asking
from cardiolex.search import Hit, Maker, SearchIndex


class Interpreter:
    """A checkpoint ready for questions; what `cardiolex.load` returns."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str | torch.device = "cpu",
        prompts: Asking | None = None,
        precision: Precision = "float32",
    ) -> None:
        """`prompts` is the style of the questions; None = the checkpoint's own.

        `precision` is that of answers to questions; embeddings and evidence are always float32.
        """
        self.checkpoint = checkpoint
        self.prompts: Asking = prompts or checkpoint.prompts
        self.device = torch.device(device)
        self.terms = Terms(
            checkpoint.name,
            checkpoint.vocabulary,
            checkpoint.calibration,
            checkpoint.seen,
            checkpoint.default_conditions,
            self.prompts,
        )
        self.networks = Networks(checkpoint, self.device, precision)
        self.system, self.reader = self.networks.system, self.networks.reader

    @property
    def precision(self) -> Literal["float32", "bfloat16"]:
        """In what questions are answered."""
        return self.networks.precision

    @property
    def name(self) -> str:
        """Name and version of the model, as its card gives them."""
        return self.checkpoint.name

    @property
    def default_conditions(self) -> tuple[str, ...]:
        """Conditions asked where the caller names none."""
        return self.checkpoint.default_conditions

    def interpret(
        self,
        recording: Recording,
        conditions: Sequence[str] | None = None,
        *,
        leads: Sequence[str] | None = None,
    ) -> Findings:
        """Answer `conditions` (plain words) for one recording, using only `leads` if given.

        Recordings longer than the model's window are read window by window: a condition's logit
        is its mean over windows, and each window's probability is kept in the finding.
        """
        return next(self.interpret_many([recording], conditions, leads=leads))

    def interpret_many(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str] | None = None,
        *,
        leads: Sequence[str] | None = None,
    ) -> Iterator[Findings]:
        """Findings for several recordings, in order, batched."""
        if not recordings:
            return
        questions = self.questions(conditions)
        chosen = [with_leads(recording, leads) for recording in recordings]
        windows = each_on_one_core(self.checkpoint.preprocess.windows, chosen)
        rows = list(zip(recordings, chosen, windows, self._scores(windows, questions), strict=True))
        yield from each_on_one_core(lambda row: self.terms.findings(*row, questions), rows)

    def explain(
        self,
        recording: Recording,
        condition: str,
        *,
        leads: Sequence[str] | None = None,
        method: Method | None = None,
    ) -> Explanation:
        """Where in which lead the answer to `condition` comes from, with a deletion test.

        `method` is one of `explaining.relevance`; None = the most faithful one measured. Of a
        long recording the windows in which the condition shows most are explained.
        """
        system: ScoresQueries = self.networks.require(ScoresQueries, "be asked for conditions")
        (question,) = self.questions([condition])
        windows = self.checkpoint.preprocess.windows(with_leads(recording, leads))
        chosen: Method = method or default_method(system)
        fs, (vector,) = self.checkpoint.preprocess.fs, self.networks.vectors([question.text])
        found = explain_windows(system, windows, fs, vector, chosen)
        (row,) = self.interpret(recording, [condition], leads=leads)
        measured: tuple[MeasuredValue, ...] = ()
        if self.reader is not None:
            values = measure_windows(windows.at(found.rows), fs)
            measured = speaking_values(self.reader, values, vector)
        return Explanation(
            record=recording.id,
            condition=condition,
            query=question.text,
            method=chosen,
            model=self.name,
            probability=row.probability,
            logit=float(found.logits.mean()),
            relevance=found.relevance,
            recorded=found.recorded,
            segment_s=found.segment_s,
            window_starts_s=tuple(windows.start_s[found.rows].tolist()),
            windows=len(windows),
            deletion=found.deletion,
            signal_share=1.0 if self.reader is None else 1.0 - self.reader.config.share,
            measured=measured,
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
        (question,) = self.questions([condition])
        names = sorted(self.checkpoint.seen)
        texts = [asked.text for asked in self.questions(names)] if names else []
        vectors = self.networks.vectors([question.text, *texts]).float().cpu().numpy()
        return nearest_terms(vectors[0], names, vectors[1:], most)

    def similar(
        self,
        recording: Recording,
        index: SearchIndex,
        most: int = 5,
        *,
        leads: Sequence[str] | None = None,
    ) -> list[Hit]:
        """The recordings of `index` most like this one, itself (the same file) left out."""
        index.check_maker(self.maker())
        embed = self.project if isinstance(self.system, Aligns) else self.embed
        _, _, path = recording.source.partition(" ")  # "FORMAT path"
        own = index.rows_from(str(Path(path).resolve())) if path else []
        (hits,) = index.nearest(embed([recording], leads=leads), most, "recording", [own])
        return hits

    def maker(self, folder: str = "") -> Maker:
        """Who makes the vectors that a search index holds."""
        space: Any = "shared" if isinstance(self.system, Aligns) else "recordings"
        return Maker(self.name, fingerprint(self.checkpoint), space, folder)

    def score(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str],
        leads: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Probabilities (N, C) for evaluation: the same numbers as `interpret` gives."""
        if not recordings:
            return np.empty((0, len(conditions)))
        questions = self.questions(conditions)
        names = [question.name or question.text for question in questions]
        calibration = self.checkpoint.calibration
        scores = self._scores(self._windows(recordings, leads), questions)
        rows = [calibration.probabilities(windows.mean(axis=0), names) for windows in scores]
        return np.stack(rows).astype(np.float64)

    def logits(
        self,
        recordings: Sequence[Recording],
        conditions: Sequence[str],
        leads: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """What calibration starts from: logits (N, C), mean over windows."""
        scores = self._scores(self._windows(recordings, leads), self.questions(conditions))
        return np.stack([windows.mean(axis=0) for windows in scores]).astype(np.float64)

    def text_logits(
        self,
        recordings: Sequence[Recording],
        texts: Sequence[str],
        leads: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """As `logits`, but every text is put to the model as it is written, looked up nowhere."""
        questions = [Question(text, None, (text,)) for text in texts]
        scores = self._scores(self._windows(recordings, leads), questions)
        return np.stack([windows.mean(axis=0) for windows in scores]).astype(np.float64)

    def embed(
        self, recordings: Sequence[Recording], *, leads: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """Embeddings (N, D), mean over windows, unit length; at least one recording."""
        return self._unit_means(recordings, leads, self.system.embed_ecg)

    def features(
        self, recordings: Sequence[Recording], *, leads: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """What a linear probe reads: `embed` before it is scaled to unit length, (N, D)."""
        each = self.networks.forward(self._windows(recordings, leads), self.system.embed_ecg)
        return np.stack([windows.mean(axis=0) for windows in each])

    def project(
        self, recordings: Sequence[Recording], *, leads: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """As `embed`, in the space that recordings share with texts: (N, E), see `embed_text`."""
        system: Aligns = self.networks.require(Aligns, "compare texts with recordings")
        return self._unit_means(recordings, leads, system.project_ecg)

    @torch.inference_mode()
    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, E) of reports or sentences; equal texts get equal vectors."""
        system: Aligns = self.networks.require(Aligns, "compare texts with recordings")
        text = self.checkpoint.text
        if text is None:
            raise CardiolexError(f"{self.name} has no text encoder, so it understands no words")
        if not texts or not all(one.strip() for one in texts):
            raise CardiolexError("a text is blank: give words, e.g. 'atrial fibrillation'")
        each = {one: row for row, one in enumerate(dict.fromkeys(texts))}
        vectors = text.encode(list(each), getattr(text, "report_pooling", "mean"))
        embedded = system.embed_text(vectors.to(self.device)).float().cpu().numpy()
        return np.asarray(embedded[[each[one] for one in texts]], dtype=np.float32)

    def write_reports(
        self,
        recordings: Sequence[Recording],
        decoding: Any,
        *,
        leads: Sequence[str] | None = None,
    ) -> list[list[str]]:
        """A report for every window of every recording; `decoding` says how words are chosen."""
        system: WritesReports = self.networks.require(WritesReports, "write reports")
        return self.networks.each_window(
            self._windows(recordings, leads),
            lambda x, y, z: system.write_reports(x, y, z, decoding),
            in_turn=True,
        )

    def questions(self, conditions: Sequence[str] | None) -> tuple[Question, ...]:
        """Turn words into what the model is asked with; none, or a blank one, is an error."""
        if self.checkpoint.text is None:
            raise CardiolexError(f"{self.name} has no text encoder, so it understands no words")
        return self.terms.questions(conditions)

    def _scores(
        self, windows: Sequence[Windows], questions: Sequence[Question]
    ) -> list[NDArray[np.float32]]:
        """Logits (W, C) of each recording's windows, mean over the wordings of a question."""
        texts = [text for asked in questions for text in asked.wordings]
        return [mean_by_question(each, questions) for each in self.networks.scores(windows, texts)]

    def _windows(
        self, recordings: Sequence[Recording], leads: Sequence[str] | None
    ) -> list[Windows]:
        if not recordings:
            raise CardiolexError("nothing to look at: give at least one recording")
        return each_on_one_core(
            lambda one: self.checkpoint.preprocess.windows(with_leads(one, leads)), recordings
        )

    def _unit_means(
        self,
        recordings: Sequence[Recording],
        leads: Sequence[str] | None,
        function: Callable[..., Tensor],
    ) -> NDArray[np.float32]:
        """Means over windows (N, D) of `function`, scaled to unit length."""
        each = self.networks.forward(self._windows(recordings, leads), function)
        means = np.stack([windows.mean(axis=0) for windows in each])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)
