"""What a row of a search index is, and which model made its vector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["recording", "report"]


@dataclass(frozen=True)
class Entry:
    """What a row is: a recording with its report if known, or a report and whose it is first.

    `count` is how many records have this report; `source` is the file of a recording.
    """

    id: str
    report: str = ""
    patient: str = ""
    source: str = ""
    count: int = 1


@dataclass(frozen=True)
class Hit:
    """One result; `rank` starts at 1, `similarity` is the cosine."""

    rank: int
    similarity: float
    row: int
    entry: Entry


@dataclass(frozen=True)
class Maker:
    """The model whose vectors an index holds; `space` "shared" is one that texts are in too."""

    name: str
    fingerprint: str
    space: Literal["shared", "recordings"]
    folder: str = ""
    """Where the model was loaded from; blank for the bundled one."""


def distinct(reports: Iterable[tuple[str, Entry]]) -> Iterator[Entry]:
    """Each report once: of (key, entry) pairs the first entry of every key, with their number."""
    found: dict[str, list[Entry]] = {}
    for key, entry in reports:
        found.setdefault(key, []).append(entry)
    for entries in found.values():
        first = entries[0]
        yield Entry(first.id, first.report, first.patient, "", len(entries))
