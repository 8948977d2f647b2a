"""Which group a recording belongs to: by age, or as a table tells."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.truth import RECORD
from cardiolex.recordings.recording import Recording

AGE_EDGES = (40, 60, 75)


def age_band(recording: Recording) -> str:
    """ "under 40", "40 to 59", "60 to 74", "75 and over"; "" where the age is unknown."""
    return "" if recording.age is None else _band(recording.age)


def group_told(attribute: str, text: str) -> str:
    """The group that a table tells; an age in years becomes its band."""
    if attribute != "age" or not text:
        return text
    try:
        return _band(float(text))
    except ValueError:
        return text


def _band(age: float) -> str:
    if not np.isfinite(age):
        return ""
    below = [edge for edge in AGE_EDGES if age >= edge]
    if not below:
        return f"under {AGE_EDGES[0]}"
    if len(below) == len(AGE_EDGES):
        return f"{AGE_EDGES[-1]} and over"
    return f"{below[-1]} to {AGE_EDGES[len(below)] - 1}"


def read_groups(path: str | Path) -> dict[str, dict[str, str]]:
    """Columns of a CSV with a column `record`: attribute -> record -> group ("" = unknown)."""
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            names = list(reader.fieldnames or [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CardiolexError(f"cannot read the groups {path}: {error}") from error
    if RECORD not in names or len(names) < 2:
        raise CardiolexError(
            f"{path}: needs a column {RECORD!r} and one per attribute (such as device); it has: "
            f"{', '.join(names) or 'nothing'}"
        )
    return {
        name: {row[RECORD]: (row[name] or "").strip() for row in rows}
        for name in names
        if name != RECORD
    }
