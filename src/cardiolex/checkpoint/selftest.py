"""A known input with its known output: does this model still compute here what it did at home?

Covers text encoder, ECG encoder, query network, absent leads and padding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write

FILE = "selftest.npz"
TOLERANCE = 5e-3  # of a logit; float32 on another processor differs by about 1e-5
Arrays = dict[str, NDArray[Any]]
Score = Callable[[Tensor, Tensor, Tensor, Sequence[str]], Tensor]


def write_selftest(folder: Path, score: Score, texts: Sequence[str], samples: int) -> None:
    """Store input and output; `score(ecg, lead_mask, sample_mask, texts)` gives logits (B, C)."""
    arrays = known_input(samples)
    output = _run(score, arrays, texts)
    with atomic_write(folder / FILE) as path:
        everything = {**arrays, "texts": np.array(texts), "output": output}
        np.savez_compressed(path, allow_pickle=False, **everything)


def check_selftest(folder: Path, score: Score) -> None:
    """CardiolexError if the output of the stored input is not the stored one."""
    path = folder / FILE
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        expected, texts = arrays.pop("output"), [str(text) for text in arrays.pop("texts")]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CardiolexError(f"{path}: cannot be read ({error}); fetch the model again") from error
    output = _run(score, arrays, texts)
    if output.shape != expected.shape or not np.allclose(output, expected, rtol=0, atol=TOLERANCE):
        off = np.abs(output - expected).max() if output.shape == expected.shape else "shape"
        raise CardiolexError(
            f"{folder}: the model does not compute here what it did when it was saved "
            f"(largest difference {off}); its files were changed or damaged, fetch them again"
        )


def _run(score: Score, arrays: Arrays, texts: Sequence[str]) -> NDArray[np.float32]:
    tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}
    with torch.no_grad():
        logits = score(
            tensors["ecg"].float(), tensors["lead_mask"], tensors["sample_mask"], list(texts)
        )
    return logits.float().cpu().numpy()


def known_input(samples: int) -> Arrays:
    """Three recordings: twelve leads; I, II and V1 with a padded second half; lead II alone."""
    rng = np.random.default_rng(12)
    t = np.linspace(0, 1, samples, dtype=np.float32)
    waves = rng.uniform(5, 120, (3, 12, 4, 1)), rng.uniform(0, 6.3, (3, 12, 4, 1))
    ecg = 0.3 * np.sin(2 * np.pi * waves[0] * t + waves[1]).sum(axis=2)
    lead_mask = np.zeros((3, 12), bool)
    lead_mask[0], lead_mask[1, [0, 1, 6]], lead_mask[2, 1] = True, True, True
    sample_mask = np.ones((3, samples), bool)
    sample_mask[1, samples // 2 :] = False
    ecg = ecg * lead_mask[:, :, None] * sample_mask[:, None, :]
    return {"ecg": ecg.astype(np.float16), "lead_mask": lead_mask, "sample_mask": sample_mask}
