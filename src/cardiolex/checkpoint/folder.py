"""A trained model as a folder that explains itself, and back.

config.json (schema, name, system and its settings, what it has seen, digests), model.safetensors,
reader.safetensors (optional: a reader of measurements beside the system), preprocess.json,
vocabulary.json, calibration.json (optional), selftest.npz (a known input with its known output,
checked at load), README.md (the card), text/ (its text encoder). A small folder borrows most of
them from a bundled model (`checkpoint.borrowing`). Nothing in a folder is ever executed or
unpickled, and a weight that is missing or too many is an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from cardiolex.bundled import bundled_or
from cardiolex.calibration import Calibration
from cardiolex.capabilities import EmbedsECG, ScoresQueries, TrainsText
from cardiolex.checkpoint.borrowing import changed, check_borrowed, lender, places
from cardiolex.checkpoint.digests import check_digests, digests
from cardiolex.checkpoint.reader import FILE as READER
from cardiolex.checkpoint.reader import read_reader, reader_facts
from cardiolex.checkpoint.reading import (
    SCHEMA,
    TEXT_MODEL,
    read_config,
    read_json,
    read_system,
    read_text,
    style_of,
)
from cardiolex.checkpoint.selftest import FILE as SELFTEST
from cardiolex.checkpoint.selftest import check_selftest, write_selftest
from cardiolex.encoders.text import HuggingFaceText, Pooling, TextEncoder
from cardiolex.encoders.text_cache import TextEmbeddingCache
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_folder, write_text
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.prompts import Style
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems import System

WeightFormat = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model with everything that its answers depend on."""

    name: str
    """Name and version, as the card gives them."""
    system_name: str
    """Key of `SYSTEMS`."""
    system: System
    preprocess: Preprocess
    vocabulary: Vocabulary
    text: TextEncoder | None
    """None if the system knows no words."""
    calibration: Calibration = field(default_factory=Calibration)
    seen: frozenset[str] = frozenset()
    """Canonical names with positive examples in pre-training."""
    default_conditions: tuple[str, ...] = ()
    """Asked where the user names none."""
    query_pooling: Pooling = "cls"
    prompts: Style = "name"
    """How the system is asked for a condition: by name, by a phrase or by a description."""
    training: dict[str, Any] = field(default_factory=dict)
    """How it was trained: resolved settings, seed, steps, time, versions."""
    card: str = ""
    reader: MeasurementReader | None = None
    """Answers from measurements, beside what the system reads in the signal."""

    def encode_queries(self, texts: Sequence[str]) -> Tensor:
        """Query vectors (C, Dt) of condition texts."""
        if self.text is None:
            raise CardiolexError(f"{self.name} has no text encoder, so it understands no words")
        return self.text.encode(texts, self.query_pooling)

    def score(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, texts: Sequence[str]
    ) -> Tensor:
        """Logits (B, C) of condition texts, on the CPU."""
        if not isinstance(self.system, ScoresQueries):
            raise CardiolexError(f"{self.name} ({self.system_name}) cannot be asked for conditions")
        vectors = self.encode_queries(texts)
        return self.system.score_queries(ecg, lead_mask, sample_mask, vectors)

    def known_output(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor, texts: Sequence[str]
    ) -> Tensor:
        """What the self-test compares: logits, or embeddings where nothing can be asked.

        Below the logits follow those of the reader of measurements, on values of its own.
        """
        if self.text is not None and isinstance(self.system, ScoresQueries):
            logits = self.score(ecg, lead_mask, sample_mask, texts)
            if self.reader is None:
                return logits
            read = self.reader(self.reader.known_values(), self.encode_queries(texts))
            return torch.cat([logits, read])
        assert isinstance(self.system, EmbedsECG)
        return self.system.embed_ecg(ecg, lead_mask, sample_mask)


def save_checkpoint(
    checkpoint: Checkpoint,
    folder: str | Path,
    *,
    weights: WeightFormat = "float32",
    with_text: bool = True,
    borrows: str | None = None,
) -> Path:
    """Write `folder` in one rename; `weights` is the number format on disk.

    A checkpoint that was there is replaced; a folder with anything else in it is an OSError.

    `with_text` puts the text encoder into the folder; without it a hub encoder is kept by name.
    `borrows` names a bundled model: only what differs from it is written, which must be no more
    than names, calibration, card and weights of the reader of measurements.
    """
    with atomic_folder(folder, mark=SELFTEST) as temporary:
        _write_parts(checkpoint, temporary, weights, with_text, borrows)
        stored = load_checkpoint(temporary, selftest=False)
        if borrows is not None:
            check_borrowed(checkpoint, stored, borrows)
        texts = stored.vocabulary.names[:4]
        write_selftest(temporary, stored.known_output, texts, stored.preprocess.samples)
    return Path(folder)


def load_checkpoint(folder: str | Path, *, selftest: bool = True) -> Checkpoint:
    """Read a checkpoint folder; CardiolexError naming file and remedy if anything is amiss.

    The name of a bundled model ("default", "adapted") stands for its folder.
    """
    root = bundled_or(folder)
    config = read_config(root)
    place = places(root, config)
    words = place("vocabulary.json")
    vocabulary = Vocabulary.from_dict(read_json(words), str(words))
    calibration = root / "calibration.json"
    card = root / "README.md"
    text = read_text(place("text"), config)
    checkpoint = Checkpoint(
        name=config["name"],
        system_name=config["system"],
        system=read_system(place("model.safetensors"), config, text, len(vocabulary)),
        preprocess=Preprocess.from_dict(read_json(place("preprocess.json"))),
        vocabulary=vocabulary,
        text=text,
        calibration=Calibration.load(calibration) if calibration.is_file() else Calibration(),
        seen=frozenset(config["seen"]),
        default_conditions=tuple(config["default_conditions"]),
        query_pooling=config["query_pooling"],
        prompts=style_of(root, config),
        training=config["training"],
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        reader=read_reader(root, config.get("reader"), text, lender(root, config)),
    )
    check_digests(place, config.get("digests"))
    if selftest:
        check_selftest(root, checkpoint.known_output)
    return checkpoint


def _write_parts(
    checkpoint: Checkpoint,
    folder: Path,
    weights: WeightFormat,
    with_text: bool,
    borrows: str | None,
) -> None:
    text = checkpoint.text
    if isinstance(text, TextEmbeddingCache):
        text = text.encoder
    if not isinstance(text, HuggingFaceText | None):
        raise CardiolexError(f"text encoder {text.name!r} cannot be stored in a checkpoint")
    with_text = with_text or isinstance(checkpoint.system, TrainsText)
    config = {
        "schema": SCHEMA,
        "name": checkpoint.name,
        "system": checkpoint.system_name,
        "settings": checkpoint.system.config.model_dump(mode="json"),
        "text": _whereabouts(text, with_text),
        "query_pooling": checkpoint.query_pooling,
        "prompts": checkpoint.prompts,
        "seen": sorted(checkpoint.seen),
        "default_conditions": list(checkpoint.default_conditions),
        "training": checkpoint.training,
    }
    if checkpoint.reader is not None:
        config["reader"] = reader_facts(checkpoint.reader, checkpoint.preprocess)
        _write_weights(_to_write(checkpoint.reader, borrows), folder / READER, weights)
    checkpoint.calibration.save(folder / "calibration.json")
    write_text(folder / "README.md", checkpoint.card)
    if borrows is None:
        _write_large(checkpoint, text if with_text else None, folder, weights)
    else:
        config["borrows"] = borrows
    config["digests"] = digests(places(folder, config))
    write_text(folder / "config.json", json.dumps(config, indent=1) + "\n")


def _write_large(
    checkpoint: Checkpoint, text: HuggingFaceText | None, folder: Path, weights: WeightFormat
) -> None:
    """What a folder can borrow: `checkpoint.borrowing.BORROWED`."""
    write_text(folder / "preprocess.json", json.dumps(checkpoint.preprocess.to_dict(), indent=1))
    checkpoint.vocabulary.save(folder / "vocabulary.json")
    _write_weights(_own(checkpoint.system.state_dict()), folder / "model.safetensors", weights)
    if text is not None:
        text.save(folder / "text")
        stored = folder / "text" / "model.safetensors"
        _write_weights(load_file(stored), stored, weights)


def _to_write(reader: MeasurementReader, borrows: str | None) -> dict[str, Tensor]:
    weights = reader.state_dict()
    if borrows is None:
        return weights
    lent = load_checkpoint(borrows, selftest=False).reader
    return weights if lent is None else changed(weights, lent.state_dict())


def _whereabouts(text: HuggingFaceText | None, inside: bool) -> str | bool | None:
    """None: in the folder; False: there is none; else the name that a hub knows."""
    if text is None:
        return False
    return None if inside else text.name


def _own(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights without those of the text model, which `text/` holds."""
    return {name: value for name, value in weights.items() if not name.startswith(TEXT_MODEL)}


def _write_weights(tensors: dict[str, Tensor], path: Path, weights: WeightFormat) -> None:
    dtype = getattr(torch, weights)
    whole = {name for name, value in tensors.items() if not value.is_floating_point()}
    whole |= {"edges"}  # of a reader: close neighbours would become equal
    save_file(
        {
            name: (value if name in whole else value.to(dtype)).cpu().contiguous()
            for name, value in tensors.items()
        },
        path,
        metadata={"format": "pt"},
    )
    path.chmod(0o644)  # safetensors writes for the owner alone
