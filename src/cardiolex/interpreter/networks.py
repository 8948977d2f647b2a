"""A checkpoint's networks on a device: windows in; logits, embeddings or texts out.

Shapes: W windows of a recording, C texts, Dt length of a text vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.capabilities import ScoresQueries
from cardiolex.checkpoint import Checkpoint
from cardiolex.checkpoint.selftest import known_input
from cardiolex.errors import CardiolexError
from cardiolex.inference.precision import Precision, ScoreQueries, chosen_scores
from cardiolex.nn.by_shape import Output, by_shape
from cardiolex.nn.measurement_reader import fused
from cardiolex.nn.one_core import each_on_one_core
from cardiolex.recordings.measurements.windows import measure_windows
from cardiolex.recordings.preprocess import Windows
from cardiolex.systems import SYSTEMS

LEADS_AT_ONCE = 8 * 12  # over all windows of one forward pass: bounds memory
LEADS_ON_A_CORE = 12  # where windows go beside one another: what fits its cache


class Networks:
    """The system and, where there is one, the reader of measurements; no batch is padded."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: Precision) -> None:
        self.checkpoint, self.device = checkpoint, device
        self.system = checkpoint.system.to(device).eval()
        reader = checkpoint.reader
        self.reader = None if reader is None else reader.to(device).eval()
        self._query_vectors: dict[str, Tensor] = {}
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

    def require(self, capability: type, what: str) -> Any:
        """The system; CardiolexError naming the systems that can, if this one cannot do `what`."""
        if isinstance(self.system, capability):
            return self.system
        able = [name for name, kind in SYSTEMS.items() if issubclass(kind, capability)]
        raise CardiolexError(
            f"{self.checkpoint.name} (system {self.checkpoint.system_name}) cannot {what}; "
            f"take a model of {' or '.join(able) or 'another kind'}"
        )

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """Query vectors (C, Dt), each text encoded once in this object's life."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._query_vectors]
        if missing:
            encoded = self.checkpoint.encode_queries(missing).to(self.device)
            self._query_vectors.update(zip(missing, encoded, strict=True))
        return torch.stack([self._query_vectors[text] for text in texts])

    def scores(self, windows: Sequence[Windows], texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Logits (W, C) of each recording's windows: of the signal, and of its measurements."""
        system: ScoresQueries = self.require(ScoresQueries, "be asked for conditions")
        vectors = self.vectors(texts)
        score = self._faster or system.score_queries
        logits = self.forward(
            windows, lambda ecg, leads, samples: score(ecg, leads, samples, vectors)
        )
        if self.reader is not None:
            fs = self.checkpoint.preprocess.fs
            measured = each_on_one_core(lambda cut: measure_windows(cut, fs), windows)
            logits = [
                fused(self.reader, signal, values, vectors)
                for signal, values in zip(logits, measured, strict=True)
            ]
        return logits

    def forward(
        self, windows: Sequence[Windows], function: Callable[..., Tensor]
    ) -> list[NDArray[np.float32]]:
        """Apply `function(ecg, lead_mask, sample_mask)` to all windows; a (W, …) array for each."""
        each = self.each_window(windows, lambda *given: function(*given).float().cpu().numpy())
        return [np.stack(outputs) for outputs in each]

    @torch.inference_mode()
    def each_window(
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

    def _known(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Three windows and eight questions on which arithmetics are compared."""
        given = known_input(self.checkpoint.preprocess.samples)
        ecg, *masks = (torch.from_numpy(given[n]) for n in ("ecg", "lead_mask", "sample_mask"))
        vectors = self.vectors(self.checkpoint.vocabulary.names[:8])
        return ecg.float(), masks[0], masks[1], vectors
