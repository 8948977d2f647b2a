"""Going on from a trained model: its weights instead of fresh ones."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from cardiolex.checkpoint import load_checkpoint
from cardiolex.datasets.store_layout import sha256
from cardiolex.errors import CardiolexError

NOT_TAKEN = ("entity_vectors", "text_model.", "beat_head.")
"""What belongs to the vocabulary and the text encoder of the new run, or to training alone."""


def weights_digest(folder: Path) -> str:
    """What tells one model from another in the record of a run."""
    path = folder / "model.safetensors"
    if not path.is_file():
        raise CardiolexError(f"{folder}: holds no model.safetensors to start from")
    return sha256(path)[:16]


def take_weights(system: nn.Module, name: str, folder: Path) -> None:
    """Copy every weight of the checkpoint in `folder` into `system`; all must fit.

    A checkpoint of a system that gives this one a part (`parts_of`) gives just that.
    What only training has stays fresh, and a text encoder that is trained along starts from that of
    the new run.
    """
    checkpoint = load_checkpoint(folder)
    part = getattr(system, "parts_of", {}).get(checkpoint.system_name)
    if part is not None:
        take_part(system.get_submodule(part), checkpoint.system.get_submodule(part), folder)
        return
    if checkpoint.system_name != name:
        raise CardiolexError(f"{folder}: is a {checkpoint.system_name}, this run trains a {name}")
    fresh = system.state_dict()
    trained = checkpoint.system.state_dict()
    own = {k: v for k, v in fresh.items() if k.startswith(NOT_TAKEN)}
    taken = {k: v for k, v in trained.items() if k not in own}
    try:
        system.load_state_dict({**taken, **own})
    except RuntimeError as error:
        raise CardiolexError(
            f"{folder}: its weights do not fit this run; give the run its sizes: {error}"
        ) from error


def take_part(own: nn.Module, trained: nn.Module, folder: Path) -> None:
    """Copy the weights of `trained`, from the checkpoint in `folder`, into `own`."""
    try:
        own.load_state_dict(trained.state_dict())
    except RuntimeError as error:
        raise CardiolexError(f"{folder}: its weights do not fit this run: {error}") from error
