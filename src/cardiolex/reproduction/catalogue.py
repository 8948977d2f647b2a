"""Every table and figure that can be made anew, by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from cardiolex.errors import CardiolexError
from cardiolex.reproduction import kmerl, kmerl_figures, melp, supreme
from cardiolex.reproduction.definition import TableDefinition

DEFINITIONS: Mapping[str, TableDefinition] = {
    one.name: one
    for one in (
        *kmerl.TABLES,
        *kmerl_figures.FIGURES,
        *supreme.TABLES,
        *supreme.FIGURES,
        *melp.TABLES,
    )
}
NOT_AVAILABLE: Mapping[str, str] = supreme.NOT_AVAILABLE
"""Figures of the papers that cannot be made here, and why."""


def definition(name: str) -> TableDefinition:
    """The table or figure; CardiolexError with the nearest names or the reason if there is none."""
    if name in DEFINITIONS:
        return DEFINITIONS[name]
    if name in NOT_AVAILABLE:
        raise CardiolexError(f"{name}: {NOT_AVAILABLE[name]}")
    near = difflib.get_close_matches(name, DEFINITIONS, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}?" if near else "see `cardiolex reproduce list`"
    raise CardiolexError(f"there is no table {name!r}; {meant}")
