"""What a folder says about the run that was begun in it, and how another one differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.training.state import saved_states

RECORD = "run.json"


def refuse_another(root: Path, identity: str, facts: dict[str, Any]) -> None:
    """CardiolexError naming every setting that differs from the run begun in `root`, if any does.

    `facts` are what the weights depend on. A folder without a saved state is free.
    """
    if not saved_states(root / "training") or not (root / RECORD).is_file():
        return
    record = json.loads((root / RECORD).read_text(encoding="utf-8"))
    if record.get("identity") == identity:
        return
    found = differences(record, facts) or ["in a setting that its run.json does not hold"]
    raise CardiolexError(
        f"{root} holds the state of another run; it differs: {'; '.join(found)}. "
        "Give the former values, train into another folder or delete this one"
    )


def differences(before: dict[str, Any], now: dict[str, Any], name: str = "") -> list[str]:
    """Lines "trainer.lr was 0.1, is 0.2" for the entries of `now` that `before` has otherwise.

    A whole section that `before` lacks was not recorded, so nothing is said of it.
    """
    found: list[str] = []
    for key, new in now.items():
        old, where = before.get(key), f"{name}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{where}.")
        elif old != new and (name or key in before):
            found.append(f"{where} was {json.dumps(old)}, is {json.dumps(new)}")
    return found
