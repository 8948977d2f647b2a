"""The records that models are judged on, read when they are needed."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.loading import LoadedTable, load_table
from cardiolex.evaluation.truth import TruthTable
from cardiolex.recordings.recording import Recording
from cardiolex.reproduction.records import SetRecords, records_under
from cardiolex.reproduction.settings import Settings
from cardiolex.reproduction.training import CannotRun

KEPT_RECORDINGS = 2048
"""So many recordings stay in memory: half a gigabyte of 10 s at 500 Hz."""
Read = Callable[[Path], Recording]


class EvaluationSets:
    """The six sets as far as their records are there."""

    def __init__(self, settings: Settings, read: Read) -> None:
        self.settings, self._read_file = settings, read
        self._recent: OrderedDict[Path, Recording] = OrderedDict()

    @cached_property
    def sets(self) -> dict[str, SetRecords]:
        """Each set with those of its records that are there."""
        if self.settings.root is None:
            raise CannotRun(
                "no records to be judged on: cardiolex download ptb-xl (cpsc2018, csn) FOLDER, "
                "then --root FOLDER"
            )
        return records_under(self.settings.root, self.settings.face)

    def require(self) -> None:
        """CannotRun if there is no record at all: nothing is trained only to be left unmeasured."""
        if not any(one.count("") for one in self.sets.values()):
            raise CannotRun(
                f"{self.settings.root}: holds no record of PTB-XL, CPSC2018 or CSN; records are "
                "found by their names, such as 00001_hr.hea, A0001.hea, JS00001.hea"
            )

    def missing(self) -> list[str]:
        """For each set that is not whole, what is missing and how to get it."""
        try:
            return [one.missing for one in self.sets.values() if one.missing]
        except CannotRun as error:
            return [str(error)]

    @cached_property
    def digest(self) -> str:
        """Changes with the records that are there and their labels."""
        found = hashlib.blake2b(digest_size=16)
        for one in self.sets.values():
            for part, table in one.parts.items():
                found.update("\0".join((one.name, part, *table.records)).encode())
                found.update(table.labels.tobytes())
        return found.hexdigest()

    def table(self, name: str, part: str) -> TruthTable:
        """A part of a set, or all of it (""); CannotRun if no record of it is there."""
        found = self.sets[name]
        if part not in found.parts:
            raise CannotRun(found.missing or f"{name}: no record of the part {part!r}")
        return found.parts[part]

    def judged(self, name: str) -> LoadedTable:
        """The records of zero-shot: the test part, at small scale all that there are."""
        return self._loaded(name, "" if self.settings.small else "test")

    @lru_cache(maxsize=2)  # noqa: B019  (one object for the whole run)
    def _loaded(self, name: str, part: str) -> LoadedTable:
        return self.load(self.table(name, part))

    def load(self, table: TruthTable) -> LoadedTable:
        """The recordings of a table; those that cannot be read are listed."""
        return load_table(table, self._read)

    def _read(self, path: Path) -> Recording:
        if path in self._recent:
            self._recent.move_to_end(path)
            return self._recent[path]
        if not path.is_file():
            raise CardiolexError(f"{path} is gone")
        recording = self._read_file(path)
        self._recent[path] = recording
        if len(self._recent) > KEPT_RECORDINGS:
            self._recent.popitem(last=False)
        return recording
