"""Which channel of a file is which standard lead."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS, is_modified, standard_name


def sort_channels(
    values: NDArray[np.float32], names: Sequence[str]
) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Return lead -> row in canonical order, other name -> row, and notes on what was done.

    Raises CardiolexError if no channel is a standard lead, or if two channels of one lead differ.
    """
    leads: dict[str, int] = {}
    other: dict[str, int] = {}
    notes: list[str] = []
    for row, name in enumerate(names):
        lead = standard_name(name)
        if lead is None:
            other[_free_name(name, other)] = row
            continue
        if lead in leads:
            _require_equal(values, leads[lead], row, lead, names)
            notes.append(f"channel {name!r} repeats lead {lead} and was left out")
            continue
        leads[lead] = row
        if is_modified(name):
            notes.append(f"channel {name!r} (torso electrodes) is taken as lead {lead}")
    if not leads:
        raise CardiolexError(
            f"no channel is a standard ECG lead: {', '.join(map(repr, names)) or 'none'}; "
            f"rename the channels to {', '.join(LEADS)}"
        )
    return {lead: leads[lead] for lead in LEADS if lead in leads}, other, notes


def _free_name(name: str, taken: dict[str, int]) -> str:
    name = name.strip() or "unnamed"
    if name not in taken:
        return name
    return next(f"{name} ({n})" for n in range(2, len(taken) + 3) if f"{name} ({n})" not in taken)


def _require_equal(
    values: NDArray[np.float32], first: int, second: int, lead: str, names: Sequence[str]
) -> None:
    if not np.array_equal(values[first], values[second], equal_nan=True):
        raise CardiolexError(
            f"channels {names[first]!r} and {names[second]!r} are both lead {lead} but differ; "
            "remove or rename one"
        )
