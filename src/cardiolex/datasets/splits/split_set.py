"""What a downstream set holds: three parts, each with records, patients and labels by class."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class SplitClass:
    """One class: `code` as in the published tables, `name` in the data set's own plain words.

    `condition` is the name to ask a model by: the vocabulary's, or `name` where it has none that
    means this class alone.
    """

    code: str
    name: str
    condition: str


@dataclass(frozen=True, eq=False)
class SplitPart:
    """N records of one part, with labels (N, C) of 1 and 0 in the order of `classes`.

    `records` are paths without ending below the data set's folder as downloaded, `ids` the
    records' names. `patients` is None where the data set does not tell; `ages` (years, NaN
    unknown) and `sexes` ("male", "female", "") are None where the published table lacks them.
    """

    split: str
    classes: tuple[SplitClass, ...]
    records: tuple[str, ...]
    ids: tuple[str, ...]
    labels: NDArray[np.uint8]
    patients: tuple[str, ...] | None = None
    ages: NDArray[np.float32] | None = None
    sexes: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.records)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the classes."""
        return tuple(one.code for one in self.classes)

    def positives(self) -> dict[str, int]:
        """Code -> number of records that have it."""
        return dict(zip(self.codes, self.labels.sum(axis=0).tolist(), strict=True))

    def chosen(self, rows: Sequence[int] | NDArray[np.intp]) -> SplitPart:
        """The part with these rows only, in this order."""
        places = [int(row) for row in rows]

        def some(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
            return None if values is None else tuple(values[place] for place in places)

        return replace(
            self,
            records=some(self.records) or (),
            ids=some(self.ids) or (),
            labels=self.labels[places],
            patients=some(self.patients),
            ages=None if self.ages is None else self.ages[places],
            sexes=some(self.sexes),
        )

    def by_code(self, codes: Sequence[str]) -> NDArray[np.uint8]:
        """Labels (N, C) with the columns of `codes`, whatever the order in this part."""
        places = {code: place for place, code in enumerate(self.codes)}
        if strange := [code for code in codes if code not in places]:
            raise CardiolexError(f"{strange[0]!r} is none of the classes {', '.join(self.codes)}")
        return self.labels[:, [places[code] for code in codes]]


@dataclass(frozen=True, eq=False)
class SplitSet:
    """A downstream set: its three parts under one of the two faces, see `load_split`."""

    name: str
    title: str
    data_set: str
    face: str
    parts: Mapping[str, SplitPart]

    @property
    def classes(self) -> tuple[SplitClass, ...]:
        """Classes in the order of the published test file."""
        return self.parts["test"].classes

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the classes, in the order of the published test file."""
        return self.parts["test"].codes

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names to ask a model by, in the same order."""
        return tuple(one.condition for one in self.classes)

    def part(self, split: str) -> SplitPart:
        """The part "train", "val" or "test"."""
        if split not in self.parts:
            raise CardiolexError(f"{self.name}: no part {split!r}; choose among {', '.join(PARTS)}")
        return self.parts[split]


def write_truth(
    part: SplitPart, path: str | Path, file_of: Callable[[str], str] | None = None
) -> None:
    """Write `part` as a truth table for `cardiolex evaluate`: record, patient if known, classes.

    `file_of` turns a record of the part into the path below the root; default: the record + .hea.
    """
    named = file_of or "{}.hea".format
    known = part.patients is not None
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        conditions = [one.condition for one in part.classes]
        writer.writerow(["record", *(["patient"] if known else []), *conditions])
        for n, record in enumerate(part.records):
            whose = [part.patients[n]] if part.patients is not None else []
            writer.writerow([named(record), *whose, *part.labels[n].tolist()])
