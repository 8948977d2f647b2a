"""Automatic measurements of any recording: rate, intervals, axes, waves lead by lead."""

from cardiolex.recordings.measurements.definitions import (
    GLOBAL,
    NAMES,
    PER_LEAD,
    VERSION,
    Definition,
    definition,
)
from cardiolex.recordings.measurements.measure import Measured, measure

__all__ = [
    "GLOBAL",
    "NAMES",
    "PER_LEAD",
    "VERSION",
    "Definition",
    "Measured",
    "definition",
    "measure",
]
