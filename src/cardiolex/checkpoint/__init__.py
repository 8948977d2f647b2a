"""Trained models as folders."""

from cardiolex.checkpoint.folder import Checkpoint, load_checkpoint, save_checkpoint

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]
