"""The parts of a checkpoint folder, read and checked one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from cardiolex.encoders.causal_text import load_text
from cardiolex.encoders.text import HuggingFaceText, TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.reports.prompts import Style
from cardiolex.systems import SYSTEMS, System, build

SCHEMA = 1
TEXT_MODEL = "text_model."
"""What names of weights begin with where a system trains its text encoder along."""


def read_config(root: Path) -> dict[str, Any]:
    """What config.json says; CardiolexError for another schema, missing fields, unknown systems."""
    if not (root / "config.json").is_file():
        what = "holds no checkpoint" if root.is_dir() else "no such checkpoint folder"
        raise CardiolexError(
            f"{root}: {what}; name one that holds config.json and "
            "model.safetensors, or none for the bundled model"
        )
    config = read_json(root / "config.json")
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


def style_of(root: Path, config: dict[str, Any]) -> Style:
    """How to ask; by name where the folder does not say."""
    style: Style = config.get("prompts", "name")
    if style not in get_args(Style):
        raise CardiolexError(
            f"{root / 'config.json'}: prompts {style!r}; known: {', '.join(get_args(Style))}"
        )
    return style


def read_text(folder: Path, config: dict[str, Any]) -> HuggingFaceText | None:
    """The text encoder: in `folder`, from a hub, or none."""
    where = config["text"]
    return None if where is False else load_text(folder if where is None else where)


def read_system(
    path: Path, config: dict[str, Any], text: TextEncoder | None, entities: int
) -> System:
    """The system with its weights in `path`, each of them and no other."""
    kind = SYSTEMS[config["system"]]
    try:
        settings = kind.Config.model_validate(config["settings"])
    except ValidationError as error:
        raise CardiolexError(f"{path.with_name('config.json')}: {error}") from error
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CardiolexError(f"{path}: cannot be read ({error}); fetch it again") from error
    if text is not None and text.dim != settings.text_dim:
        raise CardiolexError(
            f"{path.parent}: the text encoder gives {text.dim} numbers, the model takes "
            f"{settings.text_dim}"
        )
    system = build(config["system"], settings, text, torch.zeros(entities, settings.text_dim))
    read_elsewhere = {k: v for k, v in system.state_dict().items() if k.startswith(TEXT_MODEL)}
    try:
        system.load_state_dict({**weights, **read_elsewhere})
    except RuntimeError as error:
        raise CardiolexError(f"{path}: does not fit config.json: {error}") from error
    return system.eval()


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; CardiolexError naming it for anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardiolexError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CardiolexError(f"{path}: is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise CardiolexError(f"{path}: is not a JSON object")
    return content
