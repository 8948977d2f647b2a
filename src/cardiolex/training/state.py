"""The state of a run on disk: enough to go on as if nothing had happened. No pickle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_folder
from cardiolex.training.optim import MovingAverage
from cardiolex.training.selection import Selection

TENSORS, FACTS = "state.safetensors", "state.json"


def save_state(
    folder: Path,
    step: int,
    facts: dict[str, Any],
    system: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: MovingAverage | None,
    best: Selection | None = None,
    keep: int = 2,
) -> Path:
    """Write `folder`/step-… in one rename and remove all but the newest `keep` states."""
    tensors = {f"system.{name}": value for name, value in system.state_dict().items()}
    for number, slots in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{slot}": value for slot, value in slots.items()}
    if average is not None:
        tensors |= {f"average.{name}": value for name, value in average.weights.items()}
        facts = {**facts, "average_updates": average.updates}
    if best is not None:
        tensors |= {f"best.{name}": value for name, value in best.weights.items()}
        facts = {**facts, "best": best.facts()}
    target = folder / f"step-{step:08d}"
    with atomic_folder(target) as temporary:
        save_file(
            {n: t.detach().cpu().contiguous().clone() for n, t in tensors.items()},
            temporary / TENSORS,
        )
        (temporary / FACTS).write_text(json.dumps({"step": step, **facts}, indent=1))
    for old in saved_states(folder)[:-keep]:
        shutil.rmtree(old)
    return target


def saved_states(folder: Path) -> list[Path]:
    """Complete states, oldest first."""
    return sorted(path for path in folder.glob("step-*") if (path / FACTS).is_file())


def load_state(
    state: Path,
    system: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: MovingAverage | None,
    best: Selection | None = None,
) -> dict[str, Any]:
    """Restore what `save_state` wrote; returns its facts. CardiolexError if it does not fit."""
    facts: dict[str, Any] = json.loads((state / FACTS).read_text())
    tensors = load_file(state / TENSORS)
    try:
        system.load_state_dict(_part(tensors, "system."))
    except RuntimeError as error:
        raise CardiolexError(
            f"{state}: saved by a run of another model ({error}); train into another folder"
        ) from error
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in _part(tensors, "optimiser.").items():
        number, slot = name.split(".", 1)
        slots.setdefault(int(number), {})[slot] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
    if average is not None:
        for name, value in _part(tensors, "average.").items():
            average.weights[name].copy_(value)
        average.updates = facts["average_updates"]
    if best is not None and "best" in facts:
        best.restore(facts["best"], _part(tensors, "best."))
    return facts


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
