"""Which records of the six evaluation sets lie under a folder, as truth tables.

A record is looked for where the data set as downloaded has it (below the folder, or below a folder
of the data set's name), else by its file's name anywhere below: `00017_hr.hea`, `A0001.hea`,
`JS08246.hea`. Of equal names the first in alphabetical order counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np

from cardiolex.datasets.splits import Face, SplitPart, load_split
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.truth import TruthTable

PARTS = ("train", "val", "test")
ENDINGS = (".hea", ".mat")
"""A header before a bare array, which CPSC2018 has in its own form."""


@dataclass(frozen=True, eq=False)
class SetRecords:
    """A set with those of its records that are there, by part."""

    name: str
    data_set: str
    parts: Mapping[str, TruthTable]
    published: Mapping[str, int]
    """Number of records that each part has in the papers."""

    def count(self, part: str) -> int:
        """Records of a part that are there."""
        return len(self.parts[part].records)

    @property
    def complete(self) -> bool:
        """Whether every record of the papers is there."""
        return all(self.count(part) == self.published[part] for part in PARTS)

    @property
    def missing(self) -> str:
        """What is missing and how to get it; empty if nothing is."""
        if self.complete:
            return ""
        there = sum(map(self.count, PARTS))
        return (
            f"{there} of {sum(self.published.values())} records of {self.name} are there; "
            f"get the rest: cardiolex download {self.data_set} FOLDER"
        )

    def pooled(self) -> TruthTable:
        """The records of all parts in one table."""
        tables = [self.parts[part] for part in PARTS]
        known = [table.patients for table in tables if len(table.records)]
        patients = tuple(p for some in known for p in some or ())
        return TruthTable(
            name=self.name,
            root=tables[0].root,
            records=tuple(record for table in tables for record in table.records),
            conditions=tables[0].conditions,
            labels=np.concatenate([table.labels for table in tables]),
            patients=patients if known and all(some is not None for some in known) else None,
        )


class RecordFolder:
    """A folder under which records of the six sets may lie."""

    def __init__(self, root: str | Path, face: Face = "strict") -> None:
        self.root, self.face = Path(root), face
        if not self.root.is_dir():
            raise CardiolexError(f"{root}: no such folder; give the one that records lie under")

    @cached_property
    def _files(self) -> dict[str, str]:
        """Stem of a file's name -> its path below the root."""
        found: dict[str, str] = {}
        for ending in ENDINGS:
            for path in sorted(self.root.rglob(f"*{ending}")):
                found.setdefault(path.stem, path.relative_to(self.root).as_posix())
        return found

    def of_set(self, name: str) -> SetRecords:
        """The records of one set that are there."""
        split_set = load_split(name, self.face)
        conditions = _unlike(split_set.conditions)
        codes = split_set.codes
        parts = {part: self._table(name, split_set.part(part), codes, conditions) for part in PARTS}
        published = {part: len(split_set.part(part)) for part in PARTS}
        return SetRecords(name, split_set.data_set, parts, published)

    def _table(
        self, name: str, part: SplitPart, codes: Sequence[str], conditions: tuple[str, ...]
    ) -> TruthTable:
        places = [(row, self._place(record)) for row, record in enumerate(part.records)]
        there = [(row, place) for row, place in places if place is not None]
        rows = [row for row, _ in there]
        patients = part.patients
        return TruthTable(
            name=name,
            root=self.root,
            records=tuple(place for _, place in there),
            conditions=conditions,
            labels=part.by_code(codes)[rows].astype(np.float32),
            patients=None if patients is None else tuple(patients[row] for row in rows),
        )

    def _place(self, record: str) -> str | None:
        if (self.root / f"{record}.hea").is_file():
            return f"{record}.hea"
        return self._files.get(PurePosixPath(record).name)


def _unlike(conditions: Sequence[str]) -> tuple[str, ...]:
    """The names, or CardiolexError where a set asks one question for two classes."""
    if twice := {name for name in conditions if list(conditions).count(name) > 1}:
        raise CardiolexError(f"a set has two classes of the name {', '.join(sorted(twice))}")
    return tuple(conditions)
