"""Leads that a file holds as zeros because they were never connected."""

from dataclasses import replace
from pathlib import Path

from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.recording import Recording


def without_silent_leads(recording: Recording, path: Path) -> Recording:
    """Leave out leads that are exactly zero (or missing) throughout, with a note.

    ReadError if that is every lead.
    """
    silent = [
        lead
        for lead, row in zip(recording.leads, recording.mv, strict=True)
        if not ((row != 0) & (row == row)).any()
    ]
    if not silent:
        return recording
    kept = [lead for lead in recording.leads if lead not in silent]
    if not kept:
        raise ReadError(path, "every lead is zero or missing throughout", "nothing was recorded")
    note = f"leads {', '.join(silent)} are zero or missing throughout (lead off) and were left out"
    return replace(recording.select(kept), notes=(*recording.notes, note))
