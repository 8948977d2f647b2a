"""Texts in which our own writers keep what DICOM and EDF have no field for."""

from collections.abc import Iterable
from dataclasses import dataclass

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.xml_tree import as_report

REPORT = "report: "
LABELS = "labels: "
DERIVED = "computed from I and II: "
NOTE = "note: "


@dataclass(frozen=True)
class Told:
    """What texts said: by their starts, else as `others` in their order."""

    report: str | None
    labels: tuple[str, ...]
    derived: frozenset[str]
    notes: tuple[str, ...]
    others: tuple[str, ...]


def parse_told(texts: Iterable[str]) -> Told:
    """Sort texts by how they start."""
    found: dict[str, list[str]] = {REPORT: [], LABELS: [], DERIVED: [], NOTE: [], "": []}
    for text in texts:
        start = next(start for start in found if text.startswith(start))
        found[start].append(text.removeprefix(start).strip())
    labels = (label.strip() for text in found[LABELS] for label in text.split(";"))
    leads = (standard_name(name) for text in found[DERIVED] for name in text.split(","))
    return Told(
        as_report(found[REPORT]),
        tuple(label for label in labels if label),
        frozenset(lead for lead in leads if lead),
        tuple(found[NOTE]),
        tuple(text for text in found[""] if text),
    )
