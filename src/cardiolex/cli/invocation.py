"""The command line as it was given, for pages that say how they were made."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

_given: list[str] | None = None


def remember(tokens: Sequence[str] | None) -> None:
    """Note the words after `cardiolex`; None = those of this process."""
    global _given
    _given = None if tokens is None else list(tokens)


def command_line() -> str:
    """The command, quoted so that it can be run again."""
    return shlex.join(["cardiolex", *(sys.argv[1:] if _given is None else _given)])
