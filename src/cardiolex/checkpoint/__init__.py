"""Trained models as folders."""

from cardiolex.checkpoint.folder import Checkpoint, load_checkpoint, save_checkpoint
from cardiolex.checkpoint.revise import revise

__all__ = ["Checkpoint", "load_checkpoint", "revise", "save_checkpoint"]
