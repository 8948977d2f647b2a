"""A call that cannot be meant, told apart from work that failed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cyclopts import CycloptsError


class CallError(CardiolexError):
    """An option has an impossible value: exit status 2, as for an unknown option."""


def said(error: CycloptsError) -> object:
    """What is printed of a wrong call: the options that a recipe refuses, or cyclopts' words."""
    from cyclopts import CycloptsPanel

    refused = None if error.__cause__ is None else refused_options(error.__cause__)
    return CycloptsPanel(error if refused is None else refused)


def refused_options(error: BaseException) -> str | None:
    """Lines "--trainer.lr: input should be greater than 0 (given: -1)"; None for other errors."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not isinstance(error, pydantic.ValidationError):
        return None
    lines = []
    for fault in error.errors(include_url=False):
        option = ".".join(str(part) for part in fault["loc"]).replace("_", "-")
        given = "" if isinstance(fault["input"], dict) else f" (given: {fault['input']})"
        lines.append(f"--{option}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return "\n".join(lines)
