"""The models that come with cardiolex, by name."""

from __future__ import annotations

from pathlib import Path

_MODELS = Path(__file__).parent / "models"
BUNDLED = _MODELS / "default"
"""Learned from simulated recordings alone."""
BUNDLED_MODELS = {"default": BUNDLED, "adapted": _MODELS / "adapted"}
"""The second went on from the first on labelled real recordings."""


def bundled_or(folder: str | Path) -> Path:
    """The bundled model of this name if no such folder is here, else `folder`."""
    path = Path(folder)
    return path if path.exists() else BUNDLED_MODELS.get(str(folder), path)
