"""The main automatic measurements of a recording, for people and for programs."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.recordings.recording import Recording

CAUTION = "automatic, to be checked by a physician"
_MAIN = {
    "heart_rate": ("rate", "/min"),
    "pr_interval": ("PR", "ms"),
    "qrs_duration": ("QRS", "ms"),
    "qt_interval": ("QT", "ms"),
    "qtc_bazett": ("QTc Bazett", "ms"),
    "qtc_fridericia": ("QTc Fridericia", "ms"),
    "qrs_axis": ("QRS axis", "deg"),
}


def main_measurements(recording: Recording) -> dict[str, float | None]:
    """Return the main measurements by name, rounded; None where one is not measurable."""
    from cardiolex.recordings.measurements import measure

    try:
        measured = measure(recording)
    except CardiolexError:  # sampled too coarsely
        return dict.fromkeys(_MAIN)
    values = {name: measured[name] for name in _MAIN}
    return {name: round(value) if isfinite(value) else None for name, value in values.items()}


def in_a_line(values: dict[str, float | None]) -> str:
    """Return the measurements as one line of text."""
    parts = [
        f"{words} {'not measurable' if values[name] is None else f'{values[name]:g} {unit}'}"
        for name, (words, unit) in _MAIN.items()
    ]
    return f"{', '.join(parts)} ({CAUTION})"
