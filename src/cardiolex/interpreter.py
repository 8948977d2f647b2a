"""A loaded model that reads recordings: file to findings, embeddings and scores.

Whatever the recording, three things hold (tested): the score of a condition does not depend on
the other conditions asked, nor on the order of leads in the file, nor on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.answering import (
    SHORTEST_S,
    Question,
    Terms,
    mean_by_question,
    nearest_terms,
    with_leads,
)
from cardiolex.bundled import BUNDLED
from cardiolex.capabilities import Aligns, ScoresQueries, WritesReports
from cardiolex.checkpoint import Checkpoint, load_checkpoint
from cardiolex.checkpoint.identity import fingerprint
from cardiolex.checkpoint.selftest import known_input
from cardiolex.errors import CardiolexError
from cardiolex.explaining.explain import explain_windows
from cardiolex.explaining.lead_subset import WITHIN, few_leads
from cardiolex.explaining.measured import speaking_values
from cardiolex.explaining.relevance import Method, default_method
from cardiolex.explanation import Explanation, LeadSubset, MeasuredValue
from cardiolex.findings import Findings
from cardiolex.hub import local_folder
from cardiolex.inference.precision import Precision, ScoreQueries, chosen_scores
from cardiolex.nn.by_shape import Output, by_shape
from cardiolex.nn.measurement_reader import fused
from cardiolex.nn.one_core import each_on_one_core
from cardiolex.recordings.measurements.windows import measure_windows
from cardiolex.recordings.preprocess import Windows
from cardiolex.recordings.recording import Recording
from cardiolex.reports.prompts import Asking
from cardiolex.search import Hit, Maker, SearchIndex
from cardiolex.systems import SYSTEMS

__all__ = ["BUNDLED", "SHORTEST_S", "Interpreter", "Question", "load"]

LEADS_AT_ONCE = 8 * 12  # over all windows of one forward pass: bounds memory
LEADS_ON_A_CORE = 12  # where windows go beside one another: what fits its cache


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
        self.system = checkpoint.system.to(self.device).eval()
        reader = checkpoint.reader
        self.reader = None if reader is None else reader.to(self.device).eval()
        self.terms = Terms(
            checkpoint.name,
            checkpoint.vocabulary,
            checkpoint.calibration,
            checkpoint.seen,
            checkpoint.default_conditions,
            self.prompts,
        )
        self._query_vectors: dict[str, torch.Tensor] = {}
        self._precision: Precision = precision
        if precision == "bfloat16":
            _ = self.precision  # an error where it cannot be had, now rather than later

    @cached_property
    def _faster(self) -> ScoreQueries | None:
        """How questions are answered where not by the system's own `score_queries`."""
        return chosen_scores(self.system, self._precision, self.device, self._known)

    @property
    def precision(self) -> Literal["float32", "bfloat16"]:
        """In what questions are answered."""
        return "float32" if self._faster is None else "bfloat16"

    @property
    def name(self) -> str:
        """Name and version of the model, as its card gives them."""
        return self.checkpoint.name

    @property
    def default_conditions(self) -> tuple[str, ...]:
        """Conditions asked where the caller names none."""
        return self.checkpoint.default_conditions

    def require(self, capability: type, what: str) -> Any:
        """The system; CardiolexError naming the systems that can, if this one cannot do `what`."""
        if isinstance(self.system, capability):
            return self.system
        able = [name for name, kind in SYSTEMS.items() if issubclass(kind, capability)]
        raise CardiolexError(
            f"{self.name} (system {self.checkpoint.system_name}) cannot {what}; "
            f"take a model of {' or '.join(able) or 'another kind'}"
        )

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
        system: ScoresQueries = self.require(ScoresQueries, "be asked for conditions")
        (question,) = self.questions([condition])
        windows = self.checkpoint.preprocess.windows(with_leads(recording, leads))
        chosen: Method = method or default_method(system)
        fs, (vector,) = self.checkpoint.preprocess.fs, self._vectors([question.text])
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
        vectors = self._vectors([question.text, *texts]).float().cpu().numpy()
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
        windows = self._windows(recordings, leads)
        return np.stack([v.mean(axis=0) for v in self._forward(windows, self.system.embed_ecg)])

    def project(
        self, recordings: Sequence[Recording], *, leads: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """As `embed`, in the space that recordings share with texts: (N, E), see `embed_text`."""
        system: Aligns = self.require(Aligns, "compare texts with recordings")
        return self._unit_means(recordings, leads, system.project_ecg)

    @torch.inference_mode()
    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, E) of reports or sentences; equal texts get equal vectors."""
        system: Aligns = self.require(Aligns, "compare texts with recordings")
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
        system: WritesReports = self.require(WritesReports, "write reports")
        return self._each_window(
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
        """Logits (W, C) of each recording's windows: of the signal, and of its measurements."""
        system: ScoresQueries = self.require(ScoresQueries, "be asked for conditions")
        vectors = self._vectors([text for asked in questions for text in asked.wordings])
        score = self._faster or system.score_queries
        logits = self._forward(
            windows, lambda ecg, leads, samples: score(ecg, leads, samples, vectors)
        )
        if self.reader is not None:
            fs = self.checkpoint.preprocess.fs
            measured = each_on_one_core(lambda cut: measure_windows(cut, fs), windows)
            logits = [
                fused(self.reader, signal, values, vectors)
                for signal, values in zip(logits, measured, strict=True)
            ]
        return [mean_by_question(each, questions) for each in logits]

    def _known(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Three windows and eight questions on which arithmetics are compared."""
        given = known_input(self.checkpoint.preprocess.samples)
        ecg, *masks = (torch.from_numpy(given[n]) for n in ("ecg", "lead_mask", "sample_mask"))
        vectors = self._vectors(self.checkpoint.vocabulary.names[:8])
        return ecg.float(), masks[0], masks[1], vectors

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        """Query vectors (C, Dt), each text encoded once in this object's life."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._query_vectors]
        if missing:
            encoded = self.checkpoint.encode_queries(missing).to(self.device)
            self._query_vectors.update(zip(missing, encoded, strict=True))
        return torch.stack([self._query_vectors[text] for text in texts])

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
        each = self._forward(self._windows(recordings, leads), function)
        means = np.stack([windows.mean(axis=0) for windows in each])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)

    def _forward(
        self, windows: Sequence[Windows], function: Callable[..., Tensor]
    ) -> list[NDArray[np.float32]]:
        """Apply `function(ecg, lead_mask, sample_mask)` to all windows; a (W, …) array for each."""
        each = self._each_window(windows, lambda *given: function(*given).float().cpu().numpy())
        return [np.stack(outputs) for outputs in each]

    @torch.inference_mode()
    def _each_window(
        self,
        windows: Sequence[Windows],
        function: Callable[..., Iterable[Output]],
        in_turn: bool = False,
    ) -> list[list[Output]]:
        """Outputs of `function(ecg, lead_mask, sample_mask)` by recording; no batch is padded."""
        ecg = torch.from_numpy(np.concatenate([w.ecg for w in windows]))
        leads = torch.from_numpy(np.concatenate([w.lead_mask for w in windows]))
        samples = torch.from_numpy(np.concatenate([w.sample_mask for w in windows]))
        beside = self.device.type == "cpu" and not in_turn
        most = LEADS_ON_A_CORE if beside else LEADS_AT_ONCE
        rows = iter(by_shape(function, ecg, leads, samples, most, self.device, beside))
        return [[next(rows) for _ in w.start_s] for w in windows]


def load(
    model: str | Path | None = None,
    device: str | None = None,
    *,
    prompts: Asking | None = None,
    precision: Precision = "float32",
) -> Interpreter:
    """Load a checkpoint folder; without an argument, the model bundled with cardiolex.

    `device` defaults to a GPU where there is one; `prompts` ("name", "concise", "enriched", or
    "ensemble": the mean of several wordings) to what the checkpoint was made for. `precision` is
    float32 here, for figures that are the same everywhere; "auto" as in `cardiolex.load`. Nothing
    in a checkpoint is ever executed.
    """
    folder = BUNDLED if model is None else local_folder(model)
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    return Interpreter(load_checkpoint(folder), chosen, prompts, precision)
