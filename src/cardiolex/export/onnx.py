"""A checkpoint as a folder of ONNX graphs, checked against the checkpoint before it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cardiolex.checkpoint import Checkpoint, load_checkpoint
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.export.graphs import text_network, token_network, write_graph
from cardiolex.export.weights import Weights, halve, quantize
from cardiolex.files import atomic_folder, write_text
from cardiolex.portable.folder import (
    MEASUREMENTS,
    MODEL,
    SCHEMA,
    SELFTEST,
    TEXT,
    TOKENIZER,
    known_answers,
    load_exported,
)
from cardiolex.recordings.measurements import NAMES

TOLERANCE = 1e-4  # of a logit: ONNX Runtime beside torch, both in float32
SLACK = 5e-3  # of a logit at load: the same graph on another processor
SLACK_INT8 = 0.5  # integer kernels round otherwise on other processors


@dataclass(frozen=True)
class Parity:
    """What came of an export: the largest differences to torch on a known input, and its size."""

    logits: float
    probabilities: float
    megabytes: float


def export_onnx(folder: str | Path, output: str | Path, *, weights: Weights = "float32") -> Parity:
    """Write the checkpoint in `folder` as an exported model to `output`.

    With float32 weights, logits that differ from torch's by more than 1e-4 on the known input (12,
    3, 2 and 1 leads, whole and padded, batched) are an error and nothing is written. With other
    weights the differences are told.
    """
    _check_installed()
    checkpoint = load_checkpoint(folder)
    with atomic_folder(output, mark=MODEL) as temporary:
        _write(checkpoint, temporary, weights)
        return _check(checkpoint, temporary, weights)


def _check_installed() -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise CardiolexError(
            f"exporting needs {', '.join(missing)}: pip install 'cardiolex[export]'"
        )


def _write(checkpoint: Checkpoint, folder: Path, weights: Weights) -> None:
    text = checkpoint.text
    if not isinstance(text, HuggingFaceText) or isinstance(text, CausalText):
        raise CardiolexError(f"{checkpoint.name}: only models with a BERT-like text encoder export")
    if checkpoint.query_pooling == "pooler":
        raise CardiolexError(f"{checkpoint.name}: queries pooled by 'pooler' cannot be exported")
    _write_model(checkpoint, folder)
    example = torch.randint(5, 100, (2, 7))
    write_graph(
        text_network(text), {"tokens": example}, {"tokens": {0: "texts", 1: "pieces"}},
        folder / TEXT,
    )  # fmt: skip
    text.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    if checkpoint.reader is not None:
        write_graph(
            checkpoint.reader,
            {
                "measured": checkpoint.reader.known_values(),
                "query_vectors": torch.randn(3, text.dim),
            },
            {"measured": {0: "windows"}, "query_vectors": {0: "questions"}},
            folder / MEASUREMENTS,
        )
    if weights == "int8":
        quantize(folder)
    elif weights == "float16":
        halve(folder)
    _write_words(checkpoint, folder, weights, text.limit(checkpoint.query_pooling))


def _write_model(checkpoint: Checkpoint, folder: Path) -> None:
    network = token_network(checkpoint.system, checkpoint.name)
    samples = network.encoder.config.segment_samples
    index = torch.stack([torch.arange(3, 40), torch.arange(37)])
    inputs = {
        "tokens": torch.randn(2, 37, samples),
        "lead": index % 12,
        "segment": index % min(20, network.encoder.config.max_segments),
        "queries": torch.randn(3, checkpoint.system.config.text_dim),
    }
    tokens = {0: "windows", 1: "tokens_there"}
    axes = {"tokens": tokens, "lead": tokens, "segment": tokens, "queries": {0: "questions"}}
    write_graph(network, inputs, axes, folder / MODEL)


def _write_words(checkpoint: Checkpoint, folder: Path, weights: Weights, query_tokens: int) -> None:
    write_text(folder / "preprocess.json", json.dumps(checkpoint.preprocess.to_dict(), indent=1))
    checkpoint.vocabulary.save(folder / "vocabulary.json")
    checkpoint.calibration.save(folder / "calibration.json")
    if checkpoint.card:
        write_text(folder / "README.md", checkpoint.card)
    reader = checkpoint.reader
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "name": checkpoint.name,
        "weights": weights,
        "seen": sorted(checkpoint.seen),
        "default_conditions": list(checkpoint.default_conditions),
        "prompts": checkpoint.prompts,
        "query_pooling": checkpoint.query_pooling,
        "query_tokens": query_tokens,
        "segment_samples": token_network(
            checkpoint.system, checkpoint.name
        ).encoder.config.segment_samples,
        "reader": None if reader is None else {"share": reader.config.share, "values": list(NAMES)},
        "tolerance": SLACK_INT8 if weights == "int8" else SLACK,
    }
    write_text(folder / "config.json", json.dumps(facts, indent=1) + "\n")


def _check(checkpoint: Checkpoint, folder: Path, weights: Weights) -> Parity:
    """Compare with torch, keep the answers as the self-test, and say how far they differ."""
    given = _known_input(checkpoint)
    expected = _by_torch(checkpoint, given)
    model = load_exported(folder, selftest=False)
    found = known_answers(model, given)
    logits = float(np.abs(found - expected).max())
    probabilities = float(np.abs(_sigmoid(found) - _sigmoid(expected)).max())
    if weights == "float32" and not logits <= TOLERANCE:
        raise CardiolexError(
            f"{checkpoint.name}: ONNX Runtime answers otherwise than torch (logits differ by up to "
            f"{logits:.2g}, {TOLERANCE:g} is allowed); nothing was written"
        )
    np.savez_compressed(folder / SELFTEST, allow_pickle=False, **given, output=found)
    facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    facts["parity"] = {"logits": logits, "probabilities": probabilities}
    write_text(folder / "config.json", json.dumps(facts, indent=1) + "\n")
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return Parity(logits, probabilities, size)


def _known_input(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """Five windows: 12 leads, 12 again, three leads half padded, two leads, one lead."""
    rng = np.random.default_rng(7)
    samples = checkpoint.preprocess.samples
    leads = np.zeros((5, 12), bool)
    leads[:2], leads[2, [0, 1, 6]], leads[3, [1, 10]], leads[4, 0] = True, True, True, True
    times = np.ones((5, samples), bool)
    times[2, samples // 2 :] = False
    t = np.linspace(0, 1, samples)
    waves = rng.uniform(5, 120, (5, 12, 4, 1)), rng.uniform(0, 6.3, (5, 12, 4, 1))
    ecg = 0.3 * np.sin(2 * np.pi * waves[0] * t + waves[1]).sum(axis=2)
    known = {
        "ecg": (ecg * leads[:, :, None] * times[:, None]).astype(np.float16),
        "lead_mask": leads,
        "sample_mask": times,
        "texts": np.array([*checkpoint.vocabulary.names[:6], "a heart that nobody has described"]),
    }
    if checkpoint.reader is not None:
        known["measured"] = checkpoint.reader.known_values().numpy()
    return known


@torch.no_grad()
def _by_torch(checkpoint: Checkpoint, given: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    ecg, leads, samples = (
        torch.from_numpy(given[name]) for name in ("ecg", "lead_mask", "sample_mask")
    )
    texts = [str(text) for text in given["texts"]]
    rows = [  # one at a time, so that nothing is padded
        checkpoint.score(ecg[i : i + 1].float(), leads[i : i + 1], samples[i : i + 1], texts)
        for i in range(len(ecg))
    ]
    if checkpoint.reader is not None:
        vectors = checkpoint.encode_queries(texts)
        rows.append(checkpoint.reader(torch.from_numpy(given["measured"]), vectors))
    return np.asarray(torch.cat(rows).numpy(), np.float32)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x.astype(np.float64))))
