"""Keeping the weights that did best on held-out recordings, and stopping when none get better."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from cardiolex.errors import CardiolexError


class Selection:
    """The weights and buffers of a system when a held-out figure was largest.

    `patience` validations in a row without a larger one exhaust it; a figure that is not a number
    is no larger one. As long as it has never been a number, the latest weights are kept.
    """

    def __init__(self, system: nn.Module, figure: str, patience: int | None) -> None:
        self.figure, self.patience = figure, patience
        self.value, self.step, self.waited = -math.inf, 0, 0
        self.weights: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in system.state_dict().items()
        }

    @property
    def measured(self) -> bool:
        """Whether the figure has ever been a number."""
        return math.isfinite(self.value)

    @property
    def exhausted(self) -> bool:
        """Whether training may end."""
        return self.patience is not None and self.waited >= self.patience

    @torch.no_grad()
    def consider(self, figures: dict[str, float], system: nn.Module, step: int) -> None:
        """Take the weights of `system` if `figures`, measured after `step` steps, are better."""
        if self.figure not in figures:
            raise CardiolexError(
                f"trainer.best_of = {self.figure!r} is not measured; choose one of "
                f"{', '.join(figures)}"
            )
        value = figures[self.figure]
        measured = math.isfinite(value)
        if value > self.value or not (measured or self.measured):
            self.value = value if measured else self.value
            self.step, self.waited = step, 0
            self._take(system)
        else:
            self.waited += 1

    def facts(self) -> dict[str, Any]:
        """What a saved state needs beside the weights; JSON."""
        value = self.value if self.measured else None
        return {"value": value, "step": self.step, "waited": self.waited}

    def restore(self, facts: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """Go back to what `facts` and `weights` of a saved state say."""
        self.value = -math.inf if facts["value"] is None else facts["value"]
        self.step, self.waited = facts["step"], facts["waited"]
        for name, value in weights.items():
            self.weights[name].copy_(value)

    def _take(self, system: nn.Module) -> None:
        for name, value in system.state_dict().items():
            self.weights[name].copy_(value)


def selection(
    system: nn.Module, figure: str | None, patience: int | None, validated: bool
) -> Selection | None:
    """A Selection where one is asked for; CardiolexError if nothing is validated."""
    if figure is None:
        return None
    if not validated:
        raise CardiolexError(f"trainer.best_of = {figure!r} needs held-out recordings")
    return Selection(system, figure, patience)
