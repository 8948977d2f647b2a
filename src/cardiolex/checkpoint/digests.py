"""Digests of what the self-test cannot feel: how recordings are prepared, what names mean.

The self-test starts from a prepared window and from names as they are, so a changed filter or a
moved synonym would give other answers and pass it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError

FILES = ("preprocess.json", "vocabulary.json")


def digests(place: Callable[[str], Path]) -> dict[str, str]:
    """SHA-256 of each of `FILES`, found at `place`, whatever its line ends and spacing."""
    return {name: _digest(place(name)) for name in FILES}


def check_digests(place: Callable[[str], Path], stored: Any) -> None:
    """CardiolexError if a file is not as `stored` has it; None (an older folder) is not checked."""
    if stored is None:
        return
    for name, found in digests(place).items():
        if not isinstance(stored, dict) or stored.get(name) != found:
            raise CardiolexError(
                f"{place(name)}: is not the one that the model was saved with (its digest in "
                "config.json differs); fetch the folder again"
            )


def _digest(path: Path) -> str:
    content = json.loads(path.read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
