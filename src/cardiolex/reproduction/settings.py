"""What the caller decides: where things lie and how large they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cardiolex.datasets.splits import Face
from cardiolex.errors import CardiolexError
from cardiolex.reproduction.scale import RECORDINGS, STEPS, Scale


@dataclass(frozen=True)
class Settings:
    """Folders, scale and seeds of a reproduction; several tables may share one `output`."""

    output: Path
    root: Path | None = None
    """Folder under which the records of the evaluation sets lie."""
    store: Path | None = None
    """Pre-training store; at small scale one is simulated if none is given."""
    labels: Mapping[str, Path] = field(default_factory=dict)
    """Folders of extracted labels: "" for all rows, else for the rows of that key."""
    text_encoder: str | None = None
    scale: Scale = "full"
    steps: int | None = None
    """Training steps of every run; None = as published, at small scale `STEPS`."""
    recordings: int = RECORDINGS
    """Simulated recordings at small scale."""
    face: Face = "strict"
    """"published": labels as the papers' code read them, and their probes; "strict": corrected."""
    resamples: int = 1000
    draws: int = 1
    """How often a share of labels is drawn."""
    seed: int = 0
    device: str | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that are none."""
        for name in ("recordings", "resamples", "draws"):
            if getattr(self, name) < 1:
                raise CardiolexError(f"{name} {getattr(self, name)}: must be at least 1")

    @property
    def small(self) -> bool:
        """Whether this is the demonstration."""
        return self.scale == "small"

    @property
    def all_steps(self) -> int | None:
        """Steps of every run, if set."""
        return self.steps or (STEPS if self.small else None)
