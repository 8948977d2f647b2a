"""What a simulation is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cardiolex.errors import CardiolexError

Mix = Literal["balanced", "population"]


@dataclass(frozen=True)
class Settings:
    """Settings of the simulator.

    `mix` is the prior over conditions: "balanced" gives every condition enough examples to
    learn from, "population" follows the frequencies of a hospital archive (PTB-XL).
    `require` names a condition that must be present. `noise` switches everything that the
    acquisition adds (noise, filters, quantisation, lead faults) on or off.
    """

    fs: float = 500.0  # Hz
    seconds: float = 10.0
    mix: Mix = "balanced"
    require: str | None = None
    noise: bool = True

    def __post_init__(self) -> None:
        if not 50.0 <= self.fs <= 5000.0:
            raise CardiolexError(f"fs = {self.fs} Hz: choose between 50 and 5000 Hz")
        if not 1.0 <= self.seconds <= 3600.0:
            raise CardiolexError(f"seconds = {self.seconds}: choose between 1 and 3600 s")
        if self.mix not in ("balanced", "population"):
            raise CardiolexError(f"mix = {self.mix!r}: choose 'balanced' or 'population'")

    @property
    def samples(self) -> int:
        """Samples per lead."""
        return round(self.fs * self.seconds)
