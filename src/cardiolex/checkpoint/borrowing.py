"""A small checkpoint folder: what differs from a bundled model, and which one that is.

config.json names it (`borrows`); files that the folder does not hold are read from there, and of
reader.safetensors the folder holds only the tensors that differ. The self-test covers the borrowed
weights too: beside another model of that name the folder does not load.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cardiolex.bundled import BUNDLED_MODELS
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.checkpoint.folder import Checkpoint

BORROWED = ("model.safetensors", "preprocess.json", "vocabulary.json", "text")
"""Files that a folder may leave to the model that it borrows from."""


def lender(root: Path, config: dict[str, Any]) -> Path | None:
    """The bundled model that the folder `root` borrows from; None if it stands alone."""
    name = config.get("borrows")
    if name is None:
        return None
    if name not in BUNDLED_MODELS:  # never a path: a folder reads nothing outside but these
        raise CardiolexError(
            f"{root / 'config.json'}: borrows from {name!r}; only from the models that come with "
            f"cardiolex: {', '.join(BUNDLED_MODELS)}"
        )
    return BUNDLED_MODELS[name]


def places(root: Path, config: dict[str, Any]) -> Callable[[str], Path]:
    """Where each of `BORROWED` is read."""
    source = lender(root, config)

    def place(name: str) -> Path:
        own = root / name
        return own if source is None or own.exists() else source / name

    return place


def changed(weights: dict[str, Tensor], lent: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of `weights` that are not those of `lent`."""
    return {
        name: value
        for name, value in weights.items()
        if name not in lent or not torch.equal(value.cpu(), lent[name].to(value.dtype).cpu())
    }


def check_borrowed(checkpoint: Checkpoint, stored: Checkpoint, borrows: str) -> None:
    """CardiolexError if what `stored` borrows is not what `checkpoint` has."""
    same = {
        "model.safetensors": not changed(
            checkpoint.system.state_dict(), stored.system.state_dict()
        ),
        "preprocess.json": checkpoint.preprocess == stored.preprocess,
        "vocabulary.json": checkpoint.vocabulary.to_dict() == stored.vocabulary.to_dict(),
        "text": getattr(checkpoint.text, "fingerprint", "")
        == getattr(stored.text, "fingerprint", ""),
    }
    assert set(same) == set(BORROWED)
    if other := [name for name, is_same in same.items() if not is_same]:
        raise CardiolexError(
            f"{checkpoint.name}: its {', '.join(other)} is not that of the bundled model "
            f"{borrows!r}, so it cannot be borrowed; save the whole model"
        )
