"""The state of a run on disk: enough to go on as if nothing had happened. No pickle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_folder
from cardiolex.training.optim import MovingAverage
from cardiolex.training.selection import Selection
from cardiolex.training.sharding import spread_as, wholes

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
    write: bool = True,
) -> Path:
    """Write `folder`/step-… in one rename and remove all but the newest `keep` states.

    Where tensors are spread over processes all must call, and one of them with `write`.
    """
    tensors = {f"system.{name}": value for name, value in system.state_dict().items()}
    for place, slots in zip(_places(system, optimiser), _slots(optimiser), strict=True):
        tensors |= {f"optimiser.{place}.{slot}": value for slot, value in slots.items()}
    if average is not None:
        tensors |= {f"average.{name}": value for name, value in average.weights.items()}
        facts = {**facts, "average_updates": average.updates}
    if best is not None:
        tensors |= {f"best.{name}": value for name, value in best.weights.items()}
        facts = {**facts, "best": best.facts()}
    target = folder / f"step-{step:08d}"
    tensors = wholes(tensors)
    if not write:
        return target
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
        system.load_state_dict(_spread(_part(tensors, "system."), system.state_dict()))
    except RuntimeError as error:
        raise CardiolexError(
            f"{state}: saved by a run of another model ({error}); train into another folder"
        ) from error
    slots: dict[int, dict[str, Tensor]] = {}
    number = {place: number for number, place in enumerate(_places(system, optimiser))}
    parameters = _parameters(optimiser)
    for name, value in _part(tensors, "optimiser.").items():
        place, slot = name.split(".", 1)
        n = number.get(int(place), -1)
        if n < 0:
            raise CardiolexError(
                f"{state}: saved by a run that trained other weights; train into another folder"
            )
        slots.setdefault(n, {})[slot] = spread_as(value, parameters[n])
    optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
    if average is not None:
        for name, value in _spread(_part(tensors, "average."), average.weights).items():
            average.weights[name].copy_(value)
        average.updates = facts["average_updates"]
    if best is not None and "best" in facts:
        best.restore(facts["best"], _spread(_part(tensors, "best."), best.weights))
    return facts


def _parameters(optimiser: torch.optim.Optimizer) -> list[nn.Parameter]:
    """In the order in which the optimiser counts them."""
    return [p for group in optimiser.param_groups for p in group["params"]]


def _slots(optimiser: torch.optim.Optimizer) -> list[dict[str, Tensor]]:
    """What the optimiser keeps of each parameter."""
    return [optimiser.state.get(p, {}) for p in _parameters(optimiser)]


def _places(system: nn.Module, optimiser: torch.optim.Optimizer) -> list[int]:
    """Where each of them stands among the trainable ones of `system`, however they are grouped."""
    trainable = (p for p in system.parameters() if p.requires_grad)
    place = {id(p): i for i, p in enumerate(trainable)}
    return [place[id(p)] for p in _parameters(optimiser)]


def _spread(tensors: dict[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n: spread_as(t, own[n]) if n in own else t for n, t in tensors.items()}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
