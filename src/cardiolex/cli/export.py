"""Commands that take a model elsewhere: export onnx, export hub."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cardiolex.cli.options import ModelFolder


def onnx(
    output: Path,
    /,
    *,
    model: ModelFolder = None,
    weights: Literal["float32", "float16", "int8"] = "float32",
) -> int:
    """Write a model that answers without torch: `cardiolex interpret --model OUTPUT`.

    Parameters
    ----------
    output
        The folder to write.
    weights
        float16: half the size on disk, the same speed, answers equal to a thousandth. int8: faster
        where a processor multiplies 8-bit integers, with answers that differ a little.
    """
    from cardiolex.export.onnx import export_onnx
    from cardiolex.interpreter import BUNDLED

    parity = export_onnx(model or BUNDLED, output, weights=weights)
    print(
        f"{output}: {parity.megabytes:.1f} MB; beside torch, logits differ by at most "
        f"{parity.logits:.2g}, probabilities by {parity.probabilities:.2g}"
    )
    return 0


def hub(folder: Path, repository: str, /, *, public: bool = False) -> int:
    """Push a model folder to a hub, from where `--model org/name` fetches it.

    Parameters
    ----------
    folder
        A checkpoint or an exported model.
    repository
        As organisation/name; made if it is not there.
    public
        For everyone to see; private by default.
    """
    from cardiolex.hub import push

    print(push(folder, repository, private=not public))
    return 0
