"""File names, and what a written file tells of a person."""

import re
from dataclasses import replace

from cardiolex.recordings.readers.told import DERIVED, LABELS, REPORT
from cardiolex.recordings.recording import Recording

OLDEST_TOLD = 89.0
"""Ages above this are left out of files without identity, as few people have them."""


def safe_name(name: str) -> str:
    """Return a file name of letters, digits, "-" and "_" for a record's id."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:80] or "recording"


def without_identity(recording: Recording) -> Recording:
    """Return the recording without patient, id, report, device and times; age up to 89."""
    old = recording.age is not None and recording.age > OLDEST_TOLD
    return replace(
        recording,
        id="",
        patient=None,
        report=None,
        age=None if old else recording.age,
        source="",
        details={},
    )


def told_texts(recording: Recording) -> list[str]:
    """Return report, labels and derived leads as texts that our readers know again."""
    leads = ", ".join(lead for lead in recording.leads if lead in recording.derived)
    facts = {
        REPORT: recording.report or "",
        LABELS: "; ".join(label.replace(";", ",") for label in recording.labels),
        DERIVED: leads,
    }
    return [f"{start}{' '.join(text.split())}" for start, text in facts.items() if text]
