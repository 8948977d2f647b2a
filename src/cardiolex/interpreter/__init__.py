"""A loaded model that reads recordings: file to findings, embeddings and scores."""

from __future__ import annotations

from pathlib import Path

import torch

from cardiolex.answering import SHORTEST_S, Question
from cardiolex.bundled import BUNDLED
from cardiolex.checkpoint import load_checkpoint
from cardiolex.hub import local_folder
from cardiolex.inference.precision import Precision
from cardiolex.interpreter.interpreter import Interpreter
from cardiolex.reports.prompts import Asking

__all__ = ["BUNDLED", "SHORTEST_S", "Interpreter", "Question", "load"]


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
