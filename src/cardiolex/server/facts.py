"""What is in a recording: the answer of /v1/inspect, with the signal itself if wanted."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.recordings.measurements import NAMES, definition, measure
from cardiolex.recordings.quality import quality
from cardiolex.recordings.recording import Recording

SHOWN = (
    "heart_rate",
    "pr_interval",
    "p_duration",
    "qrs_duration",
    "qt_interval",
    "qtc_bazett",
    "qtc_fridericia",
    "qrs_axis",
    "t_axis",
    "p_axis",
    "sokolow_lyon",
    "cornell",
)
DENSEST_HZ = 500.0  # of the signal that is sent back


def facts(recording: Recording, options: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data; `options` are `signal`, `from_s`, `seconds`."""
    found = quality(recording)
    answer: dict[str, Any] = {
        "record": recording.id,
        "source": recording.source,
        "leads": list(recording.leads),
        "derived": sorted(recording.derived),
        "other_channels": sorted(recording.other),
        "fs_hz": recording.fs,
        "duration_s": recording.duration,
        "unit_known": recording.unit_known,
        "age": recording.age,
        "sex": recording.sex,
        "labels": list(recording.labels),
        "report": recording.report,
        "details": dict(recording.details),
        "not_read": list(recording.unread),
        "notes": list(recording.notes),
        "lead_flags": {
            lead: sorted(flags) for lead, flags in found.leads.items() if flags - {"missing"}
        },
        "warnings": list(found.warnings),
        "measurements": measurements(recording),
        "signal": None,
    }
    if options.get("signal"):
        answer["signal"] = _signal(recording, options["from_s"], options["seconds"])
    return answer


def measurements(recording: Recording) -> list[dict[str, Any]]:
    """The measurements that people ask for, with unit and meaning; value None: not measurable."""
    try:
        measured = measure(recording)
        values = {name: float(measured[name]) for name in SHOWN}
    except CardiolexError:  # sampled too coarsely
        values = {}
    assert set(SHOWN) <= set(NAMES)
    return [
        {
            "name": name,
            "value": values[name] if isfinite(values.get(name, np.nan)) else None,
            "unit": definition(name).unit,
            "meaning": definition(name).text,
        }
        for name in SHOWN
    ]


def _signal(recording: Recording, from_s: float, seconds: float) -> dict[str, Any]:
    """A piece of the signal as whole microvolts (None: missing), thinned to what a screen shows."""
    piece = recording.crop(from_s, from_s + seconds)
    if piece.fs > DENSEST_HZ:
        piece = piece.resample(DENSEST_HZ)
    return {
        "from_s": from_s,
        "fs_hz": piece.fs,
        "microvolts": {lead: _whole(row) for lead, row in zip(piece.leads, piece.mv, strict=True)},
    }


def _whole(row: np.ndarray[Any, np.dtype[np.float32]]) -> list[int | None]:
    values = np.clip(row * 1000.0, -1e9, 1e9)
    there = np.isfinite(values)
    numbers: list[int | None] = np.where(there, np.rint(values), 0).astype(int).tolist()
    if not there.all():
        numbers = [number if ok else None for number, ok in zip(numbers, there, strict=True)]
    return numbers
