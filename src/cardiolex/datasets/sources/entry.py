"""What a data set's tables say of one recording, and what a source is told when it reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.splits import Face
from cardiolex.reports.vocabulary import Vocabulary

NOT_TOLD = Truth((), (), ())
"""Nothing present, and nothing looked for."""


@dataclass(frozen=True)
class Entry:
    """One recording: `file` below the data set's folder, and what is known of it.

    `row` is its place in a file of many recordings, `codes` the labels as the data set writes them,
    `split` "train", "val", "test" or "" (not assigned). `age` in years, `sex` "male" or "female".
    """

    file: str
    id: str
    row: int | None = None
    patient: str | None = None
    age: float | None = None
    sex: str | None = None
    report: str | None = None
    truth: Truth = NOT_TOLD
    codes: tuple[str, ...] = ()
    split: str = ""


@dataclass
class Reading:
    """How a source is to be read, and what it has to say beside the entries.

    `rate` chooses among the copies of a data set at several sampling rates (PTB-XL: 500 or 100 Hz).
    `failures` are recordings or rows that cannot be used, with the reason; `notes` are facts about
    the whole that a reader of the store should know.
    """

    root: Path
    vocabulary: Vocabulary
    face: Face = "strict"
    rate: int = 500
    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def names(self, system: str, code: str) -> tuple[str, ...]:
        """Vocabulary names of a code; none where the vocabulary does not know it."""
        return self.vocabulary.from_code(system, code)


@dataclass(frozen=True)
class Source:
    """A public data set: how it lies in its folder, and the function that reads its tables."""

    name: str
    title: str
    version: str
    layout: str
    entries: Callable[[Reading], Iterator[Entry]]
    rates: tuple[int, ...] = ()
    """Sampling rates in Hz, if there are copies at several."""
