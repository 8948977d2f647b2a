"""Which records of the six evaluation sets lie under a folder, by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cardiolex.datasets.splits import SPLIT_SETS, Face, load_split
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.mini_benchmark import PARTS, present_tables
from cardiolex.evaluation.truth import TruthTable


@dataclass(frozen=True, eq=False)
class SetRecords:
    """A set with those of its records that are there."""

    name: str
    data_set: str
    parts: Mapping[str, TruthTable]
    """By part, and all parts together under ""; a part without any record is missing."""
    published: Mapping[str, int]
    """Number of records that each part has in the papers."""

    def count(self, part: str) -> int:
        """Records of a part that are there."""
        return len(self.parts[part].records) if part in self.parts else 0

    @property
    def missing(self) -> str:
        """What is missing and how to get it; empty if nothing is."""
        there, whole = self.count(""), sum(self.published.values())
        if there == whole:
            return ""
        return (
            f"{there} of {whole} records of {self.name} are there; get the rest: "
            f"cardiolex download {self.data_set} FOLDER"
        )


def records_under(root: str | Path, face: Face = "strict") -> dict[str, SetRecords]:
    """Every set with the records found below `root` by their files' names."""
    if not Path(root).is_dir():
        raise CardiolexError(f"{root}: no such folder; give the one that records lie under")
    tables: dict[str, dict[str, TruthTable]] = {name: {} for name in SPLIT_SETS}
    for part in ("", *PARTS):
        try:
            found = present_tables(root, parts=(part,) if part else PARTS, face=face)
        except CardiolexError:  # none of this part
            continue
        for table in found:
            tables[table.name][part] = table
    every = {name: load_split(name, face) for name in SPLIT_SETS}
    return {
        name: SetRecords(
            name,
            one.data_set,
            tables[name],
            {part: len(one.part(part)) for part in PARTS},
        )
        for name, one in every.items()
    }
