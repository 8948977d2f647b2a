"""A trained model as a folder that explains itself, and back.

config.json (schema, name, system and its settings, what it has seen, digests), model.safetensors,
reader.safetensors (optional: a reader of measurements beside the system), preprocess.json,
vocabulary.json, calibration.json (optional), selftest.npz (a known input with its known output,
checked at load), README.md (the card), text/ (its text encoder). Nothing in a folder
is ever executed or unpickled, and a weight that is missing or too many is an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from cardiolex.calibration import Calibration
from cardiolex.capabilities import EmbedsECG, ScoresQueries, TrainsText
from cardiolex.checkpoint.digests import check_digests, digests
from cardiolex.checkpoint.reader import FILE as READER
from cardiolex.checkpoint.reader import read_reader, reader_facts
from cardiolex.checkpoint.selftest import FILE as SELFTEST
from cardiolex.checkpoint.selftest import check_selftest, write_selftest
from cardiolex.encoders.causal_text import load_text
from cardiolex.encoders.text import HuggingFaceText, Pooling, TextEncoder
from cardiolex.encoders.text_cache import TextEmbeddingCache
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_folder, write_text
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.prompts import Style
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems import SYSTEMS, System, build

SCHEMA = 1
TEXT_MODEL = "text_model."
"""What names of weights begin with where a system trains its text encoder along."""
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
) -> Path:
    """Write `folder` in one rename; `weights` is the number format on disk.

    A checkpoint that was there is replaced; a folder with anything else in it is an OSError.

    `with_text` puts the text encoder into the folder; without it a hub encoder is kept by name.
    """
    with atomic_folder(folder, mark=SELFTEST) as temporary:
        _write_parts(checkpoint, temporary, weights, with_text)
        stored = load_checkpoint(temporary, selftest=False)
        texts = stored.vocabulary.names[:4]
        write_selftest(temporary, stored.known_output, texts, stored.preprocess.samples)
    return Path(folder)


def load_checkpoint(folder: str | Path, *, selftest: bool = True) -> Checkpoint:
    """Read a checkpoint folder; CardiolexError naming file and remedy if anything is amiss."""
    root = Path(folder)
    config = _read_config(root)
    vocabulary = Vocabulary.from_dict(
        _json(root / "vocabulary.json"), str(root / "vocabulary.json")
    )
    calibration = root / "calibration.json"
    card = root / "README.md"
    text = _read_text(root, config)
    checkpoint = Checkpoint(
        name=config["name"],
        system_name=config["system"],
        system=_read_system(root, config, text, len(vocabulary)),
        preprocess=Preprocess.from_dict(_json(root / "preprocess.json")),
        vocabulary=vocabulary,
        text=text,
        calibration=Calibration.load(calibration) if calibration.is_file() else Calibration(),
        seen=frozenset(config["seen"]),
        default_conditions=tuple(config["default_conditions"]),
        query_pooling=config["query_pooling"],
        prompts=_style(root, config),
        training=config["training"],
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        reader=read_reader(root, config.get("reader"), text),
    )
    check_digests(root, config.get("digests"))
    if selftest:
        check_selftest(root, checkpoint.known_output)
    return checkpoint


def _write_parts(
    checkpoint: Checkpoint, folder: Path, weights: WeightFormat, with_text: bool
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
        _write_weights(checkpoint.reader.state_dict(), folder / READER, weights)
    write_text(folder / "preprocess.json", json.dumps(checkpoint.preprocess.to_dict(), indent=1))
    checkpoint.vocabulary.save(folder / "vocabulary.json")
    config["digests"] = digests(folder)
    write_text(folder / "config.json", json.dumps(config, indent=1) + "\n")
    checkpoint.calibration.save(folder / "calibration.json")
    write_text(folder / "README.md", checkpoint.card)
    _write_weights(_own(checkpoint.system.state_dict()), folder / "model.safetensors", weights)
    if text is not None and with_text:
        text.save(folder / "text")
        stored = folder / "text" / "model.safetensors"
        _write_weights(load_file(stored), stored, weights)


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


def _read_config(root: Path) -> dict[str, Any]:
    if not (root / "config.json").is_file():
        what = "holds no checkpoint" if root.is_dir() else "no such checkpoint folder"
        raise CardiolexError(
            f"{root}: {what}; name one that holds config.json and "
            "model.safetensors, or none for the bundled model"
        )
    config = _json(root / "config.json")
    if str(config.get("schema")).startswith("onnx"):
        raise CardiolexError(
            f"{root}: an exported model, which `cardiolex interpret` reads; this needs the "
            "checkpoint that it was exported from"
        )
    if config.get("schema") != SCHEMA:
        raise CardiolexError(
            f"{root / 'config.json'}: schema {config.get('schema')!r}, this version of cardiolex "
            f"reads {SCHEMA}; use the version that wrote it"
        )
    fields = {"name", "system", "settings", "text", "query_pooling", "seen", "training"}
    if missing := sorted((fields | {"default_conditions"}) - set(config)):
        raise CardiolexError(f"{root / 'config.json'}: lacks {', '.join(missing)}")
    if config["system"] not in SYSTEMS:
        raise CardiolexError(
            f"{root / 'config.json'}: unknown system {config['system']!r}; known: {list(SYSTEMS)}"
        )
    return config


def _style(root: Path, config: dict[str, Any]) -> Style:
    """How to ask; by name where the folder does not say."""
    style: Style = config.get("prompts", "name")
    if style not in get_args(Style):
        raise CardiolexError(
            f"{root / 'config.json'}: prompts {style!r}; known: {', '.join(get_args(Style))}"
        )
    return style


def _read_text(root: Path, config: dict[str, Any]) -> HuggingFaceText | None:
    where = config["text"]
    return None if where is False else load_text(root / "text" if where is None else where)


def _read_system(
    root: Path, config: dict[str, Any], text: TextEncoder | None, entities: int
) -> System:
    kind = SYSTEMS[config["system"]]
    try:
        settings = kind.Config.model_validate(config["settings"])
    except ValidationError as error:
        raise CardiolexError(f"{root / 'config.json'}: {error}") from error
    path = root / "model.safetensors"
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CardiolexError(f"{path}: cannot be read ({error}); fetch it again") from error
    if text is not None and text.dim != settings.text_dim:
        raise CardiolexError(
            f"{root}: the text encoder gives {text.dim} numbers, the model takes "
            f"{settings.text_dim}"
        )
    system = build(config["system"], settings, text, torch.zeros(entities, settings.text_dim))
    read_elsewhere = {k: v for k, v in system.state_dict().items() if k.startswith(TEXT_MODEL)}
    try:
        system.load_state_dict({**weights, **read_elsewhere})
    except RuntimeError as error:
        raise CardiolexError(f"{path}: does not fit config.json: {error}") from error
    return system.eval()


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
