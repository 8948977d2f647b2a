"""`cardiolex.load`: a checkpoint by torch, an exported model by ONNX Runtime alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardiolex.hub import local_folder
from cardiolex.portable.folder import is_exported
from cardiolex.reports.prompts import Asking

if TYPE_CHECKING:
    from cardiolex.inference.precision import Precision
    from cardiolex.interpreter import Interpreter


def load(
    model: str | Path | None = None,
    device: str | None = None,
    *,
    prompts: Asking | None = None,
    precision: Precision = "auto",
) -> Interpreter:
    """Load a model folder, or "hf://org/name"; by default the model bundled with cardiolex.

    An exported model (`cardiolex export onnx`) answers questions without torch. Of a checkpoint
    `device` defaults to a GPU where there is one; `prompts` ("name", "concise", "enriched", or
    "ensemble": the mean of several wordings) to what it was made for. `precision` "auto" answers
    questions in bfloat16 on processors that multiply it natively, where a known input is answered
    alike; "float32" as trained, "bfloat16" in any case. An exported model computes in what it was
    exported in. Nothing in a folder is ever executed.
    """
    model = None if model is None else local_folder(model)
    if model is not None and is_exported(model):
        from cardiolex.portable.interpreter import load_onnx

        exported: Any = load_onnx(model, prompts=prompts)
        return exported  # type: ignore[no-any-return]
    from cardiolex.interpreter import load as load_checkpoint

    return load_checkpoint(model, device, prompts=prompts, precision=precision)
