"""Graphs of an exported model: opened by ONNX Runtime, run on numpy arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError


class Graph:
    """One .onnx file with one output; `threads` = 0 lets ONNX Runtime decide."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """`threads` defaults to OMP_NUM_THREADS where that is set."""
        try:
            import onnxruntime
        except ImportError as error:
            raise CardiolexError(
                f"{path.parent}: an exported model needs ONNX Runtime: "
                "pip install 'cardiolex[onnx]'"
            ) from error
        options = onnxruntime.SessionOptions()
        stated = os.environ.get("OMP_NUM_THREADS", "0")
        chosen = threads if threads is not None else int(stated) if stated.isdigit() else 0
        options.intra_op_num_threads = chosen
        options.log_severity_level = 3  # errors only
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no common class
            raise CardiolexError(f"{path}: cannot be read ({error}); export it again") from error

    def __call__(self, **inputs: NDArray[Any]) -> NDArray[np.float32]:
        """The output for named inputs."""
        (output,) = self._session.run(None, inputs)
        return np.asarray(output, np.float32)
