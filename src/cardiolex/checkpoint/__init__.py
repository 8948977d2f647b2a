"""Trained models as folders."""

from cardiolex.checkpoint.folder import Checkpoint, load_checkpoint, save_checkpoint
from cardiolex.checkpoint.revise import check_output, revise

__all__ = ["Checkpoint", "check_output", "load_checkpoint", "revise", "save_checkpoint"]
