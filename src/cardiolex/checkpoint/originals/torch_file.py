"""Weights from a torch file, and their new names."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from cardiolex.errors import CardiolexError

WRAPPERS = ("model_state_dict", "state_dict", "model")
"""Where a training state keeps the weights."""
Rule = tuple[str, str]
"""Regular expression of a whole name, and what it becomes."""


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Names and tensors of a .safetensors file, or of a torch file as `read_torch_file`."""
    if Path(path).suffix != ".safetensors":
        return read_torch_file(path)
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CardiolexError(f"{path}: cannot be read: {error}") from error


def read_torch_file(path: str | Path) -> dict[str, Tensor]:
    """Names and tensors of a .pt or .pth file, without what a wrapper for several devices adds.

    The file may hold the weights or a training state around them. It is read with
    `weights_only`, so that code in it is refused.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CardiolexError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise CardiolexError(
            f"{path}: is no torch file, is cut short, or holds more than plain tensors; such files "
            "can run code and are not opened. Save the state dictionary alone"
        ) from error
    for name in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not (isinstance(content, dict) and content):
        raise CardiolexError(f"{path}: holds a {type(content).__name__}, not named weights")
    foreign = [str(k) for k, v in content.items() if not isinstance(v, Tensor)]
    if foreign:
        raise CardiolexError(f"{path}: {_some(foreign)}: no tensor; give the file of weights alone")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def renamed(
    weights: dict[str, Tensor], rules: Sequence[Rule], path: str | Path
) -> dict[str, Tensor]:
    """`weights` under the names that the first fitting rule gives; CardiolexError if none fits."""
    result, unknown = {}, []
    for name, value in weights.items():
        for pattern, new in rules:
            if match := re.fullmatch(pattern, name):
                result[match.expand(new)] = value
                break
        else:
            unknown.append(name)
    if unknown:
        raise CardiolexError(f"{path}: weights that this converter does not know: {_some(unknown)}")
    return result


def load_exactly(module: nn.Module, weights: dict[str, Tensor], path: str | Path) -> None:
    """Fill `module`; CardiolexError naming weights that are missing, too many or of other shape."""
    own = module.state_dict()
    missing, extra = sorted(set(own) - set(weights)), sorted(set(weights) - set(own))
    if missing:
        raise CardiolexError(f"{path}: lacks the weights of {_some(missing)}")
    if extra:
        raise CardiolexError(f"{path}: has weights without a place: {_some(extra)}")
    for name, value in weights.items():
        if value.shape != own[name].shape:
            raise CardiolexError(
                f"{path}: the weight of {name} has the shape {tuple(value.shape)}, "
                f"{tuple(own[name].shape)} is needed"
            )
    module.load_state_dict(weights)


def _some(names: Iterable[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
