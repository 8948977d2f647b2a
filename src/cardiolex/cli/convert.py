"""Commands that turn weights released by the authors of a method into a model of ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardiolex.checkpoint import Checkpoint

MEDCPT = "ncbi/MedCPT-Query-Encoder"


def merl(
    file: Path, folder: Path, /, *, text_encoder: str = MEDCPT, name: str | None = None
) -> int:
    """MERL's released weights to a model for interpret, embed and evaluate.

    Parameters
    ----------
    file
        A released .pth or .pt file: the whole model, or its ECG encoder alone.
    folder
        Folder of the model to be written.
    text_encoder
        Hugging Face name or folder of the text encoder that the model was trained with.
    name
        Name of the model; its size and origin by default.
    """
    from cardiolex.checkpoint.originals.merl import convert

    return _write(lambda: convert(file, text_encoder, name), folder)


def melp(file: Path, folder: Path, /, *, name: str | None = None) -> int:
    """MELP's released ECG encoder to a model for embed and linear probes.

    The released file has no text tower, so the model answers no conditions and writes no reports.

    Parameters
    ----------
    file
        The released .bin, .pt, .ckpt or .safetensors file.
    folder
        Folder of the model to be written.
    name
        Name of the model; its size and origin by default.
    """
    from cardiolex.checkpoint.originals.melp import convert

    return _write(lambda: convert(file, name), folder)


def _write(convert: Callable[[], Checkpoint], folder: Path) -> int:
    """Convert and save; what stands in `folder` is refused before the work."""
    from cardiolex.checkpoint import check_output, save_checkpoint

    check_output(folder)
    checkpoint = convert()
    save_checkpoint(checkpoint, folder)
    answers = "" if checkpoint.text is not None else "; embeddings only, no answers"
    print(f"{folder}: {checkpoint.name}{answers}", file=sys.stderr)
    return 0
