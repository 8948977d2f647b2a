"""An exported model as a folder: graphs, tokeniser, and everything that answers depend on.

config.json, model.onnx (tokens and queries to logits), text.onnx and tokenizer.json (words to
queries), measurements.onnx (optional: measured values and queries to logits), preprocess.json,
vocabulary.json, calibration.json, selftest.npz, README.md (the card).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cardiolex.answering import Terms
from cardiolex.calibration import Calibration
from cardiolex.errors import CardiolexError
from cardiolex.portable.graphs import Graph
from cardiolex.portable.text import QueryText
from cardiolex.portable.tokens import recorded, score
from cardiolex.recordings.measurements import NAMES
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.prompts import Asking
from cardiolex.reports.vocabulary import Vocabulary

SCHEMA = "onnx-1"
MODEL = "model.onnx"
TEXT, TOKENIZER, MEASUREMENTS, SELFTEST = (
    "text.onnx",
    "tokenizer.json",
    "measurements.onnx",
    "selftest.npz",
)


@dataclass(frozen=True, eq=False)
class Exported:
    """An exported model, ready to run."""

    terms: Terms
    preprocess: Preprocess
    segment_samples: int
    network: Graph
    text: QueryText
    reader: Graph | None
    reader_share: float
    tolerance: float
    """Of a logit: how far the self-test may differ here from where the model was exported."""
    facts: dict[str, Any]
    """config.json."""

    def score(
        self, ecg: NDArray[np.float32], visible: NDArray[np.bool_], queries: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Logits (K, Q) of the signal, see `tokens.score`; 8-bit models read windows alone."""
        alone = self.facts.get("weights") == "int8"
        return score(self.network, ecg, visible, queries, alone)


def is_exported(folder: str | Path) -> bool:
    """Whether `folder` holds an exported model."""
    return (Path(folder) / MODEL).is_file()


def load_exported(
    folder: str | Path,
    *,
    threads: int | None = None,
    prompts: Asking | None = None,
    selftest: bool = True,
) -> Exported:
    """Read a folder that `cardiolex export onnx` wrote; CardiolexError if anything is amiss."""
    root = Path(folder)
    facts = _facts(root)
    vocabulary = Vocabulary.from_dict(
        _json(root / "vocabulary.json"), str(root / "vocabulary.json")
    )
    reader = facts["reader"]
    if reader is not None and reader["values"] != list(NAMES):
        raise CardiolexError(
            f"{root}: its reader knows other measurements than this version of cardiolex makes; "
            "use the version that exported it, or export it again"
        )
    model = Exported(
        terms=Terms(
            facts["name"],
            vocabulary,
            Calibration.load(root / "calibration.json"),
            frozenset(facts["seen"]),
            tuple(facts["default_conditions"]),
            prompts or facts["prompts"],
        ),
        preprocess=Preprocess.from_dict(_json(root / "preprocess.json")),
        segment_samples=facts["segment_samples"],
        network=Graph(root / MODEL, threads),
        text=QueryText(
            Graph(root / TEXT, threads),
            root / TOKENIZER,
            facts["query_pooling"],
            facts["query_tokens"],
        ),
        reader=None if reader is None else Graph(root / MEASUREMENTS, threads),
        reader_share=0.0 if reader is None else reader["share"],
        tolerance=facts["tolerance"],
        facts=facts,
    )
    if selftest:
        check(root, model)
    return model


def known_answers(model: Exported, given: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    """What the self-test compares: logits of a known input, below them those of the reader."""
    queries = model.text.encode([str(text) for text in given["texts"]])
    visible = recorded(given["lead_mask"], given["sample_mask"], model.segment_samples)
    logits = model.score(given["ecg"].astype(np.float32), visible, queries)
    if model.reader is None:
        return logits
    read = model.reader(measured=given["measured"], query_vectors=queries)
    return np.concatenate([logits, read])


def check(root: Path, model: Exported) -> None:
    """CardiolexError if the known input does not give the known output."""
    path = root / SELFTEST
    try:
        with np.load(path, allow_pickle=False) as stored:
            given = {name: stored[name] for name in stored.files}
        expected = given.pop("output")
        found = known_answers(model, given)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CardiolexError(f"{path}: cannot be read ({error}); export it again") from error
    off = np.abs(found - expected).max() if found.shape == expected.shape else np.inf
    if not off <= model.tolerance:
        raise CardiolexError(
            f"{root}: the model does not compute here what it did when it was exported "
            f"(largest difference {off:.2g}); its files were changed or damaged, export it again"
        )


def _facts(root: Path) -> dict[str, Any]:
    facts = _json(root / "config.json")
    if facts.get("schema") != SCHEMA:
        raise CardiolexError(
            f"{root / 'config.json'}: schema {facts.get('schema')!r}, this version of cardiolex "
            f"reads {SCHEMA!r}; export the checkpoint again"
        )
    needed = {
        "name", "seen", "default_conditions", "prompts", "query_pooling", "query_tokens",
        "segment_samples", "reader", "tolerance",
    }  # fmt: skip
    if missing := sorted(needed - set(facts)):
        raise CardiolexError(f"{root / 'config.json'}: lacks {', '.join(missing)}")
    if facts["prompts"] not in get_args(Asking):
        raise CardiolexError(f"{root / 'config.json'}: prompts {facts['prompts']!r} are unknown")
    return facts


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardiolexError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CardiolexError(f"{path}: is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise CardiolexError(f"{path}: is not a JSON object")
    return content
