"""Truth tables: which condition each recording has.

A CSV file with a column `record` (path relative to a root folder), optionally `patient`, and one
column per condition holding 1 (present), 0 (absent) or nothing (unknown).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError

RECORD, PATIENT = "record", "patient"
_VALUES = {"1": 1.0, "0": 0.0, "": np.nan}


@dataclass(frozen=True, eq=False)
class TruthTable:
    """`labels` float32 (N, C), 1 / 0 / NaN (unknown), of N `records` and C `conditions`.

    `records` are paths relative to `root`; `patients` (N,) may be unknown (None).
    """

    name: str
    root: Path
    records: tuple[str, ...]
    conditions: tuple[str, ...]
    labels: NDArray[np.float32]
    patients: tuple[str, ...] | None = None

    def paths(self) -> list[Path]:
        """Where the recordings lie."""
        return [self.root / record for record in self.records]

    def with_patients(self, patients: Mapping[str, str]) -> TruthTable:
        """The same table with the patient of every record; CardiolexError if one is missing."""
        missing = [record for record in self.records if not patients.get(record)]
        if missing:
            raise CardiolexError(
                f"{self.name}: no patient is given for {len(missing)} records, among them "
                f"{', '.join(missing[:3])}"
            )
        return replace(self, patients=tuple(patients[record] for record in self.records))


def read_truth(path: str | Path, root: str | Path, *, name: str | None = None) -> TruthTable:
    """Read a truth table whose record paths start at `root`; `name` defaults to the file's stem.

    Raises CardiolexError naming file, line, column and value for: a missing file or column,
    columns or records given twice, rows of another length, values other than 0, 1 and blank,
    records outside `root` or not there.
    """
    path, root = Path(path), Path(root)
    header, rows = _read_rows(path)
    table = _parse(path, root, header, rows, name or path.stem)
    _check_records(path, table)
    return table


def _read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except FileNotFoundError as error:
        raise CardiolexError(f"{path}: no such file; name a truth table (CSV)") from error
    except UnicodeDecodeError as error:
        raise CardiolexError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
    except (OSError, csv.Error) as error:
        raise CardiolexError(f"cannot read the truth table {path}: {error}") from error
    if len(rows) < 2:
        raise CardiolexError(f"{path}: a truth table needs a header line and at least one record")
    return rows[0], rows[1:]


def _parse(
    path: Path, root: Path, header: list[str], rows: list[list[str]], name: str
) -> TruthTable:
    _check_header(path, header)
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise CardiolexError(
                f"{path}, line {line}: {len(row)} values where the header has {len(header)} columns"
            )
    columns = [i for i, title in enumerate(header) if title not in (RECORD, PATIENT)]
    labels = np.empty((len(rows), len(columns)), np.float32)
    for n, row in enumerate(rows):
        labels[n] = [_label(path, n + 2, header[i], row[i]) for i in columns]
    at = header.index(RECORD)
    patients = tuple(row[header.index(PATIENT)] for row in rows) if PATIENT in header else None
    return TruthTable(
        name=name,
        root=root,
        records=tuple(row[at] for row in rows),
        conditions=tuple(header[i] for i in columns),
        labels=labels,
        patients=patients,
    )


def _check_header(path: Path, header: list[str]) -> None:
    if RECORD not in header:
        raise CardiolexError(
            f"{path}: no column {RECORD!r}; the header has: {', '.join(header[:8])}"
        )
    if "" in header:
        raise CardiolexError(f"{path}: column {header.index('') + 1} has no name")
    if twice := _repeated(header):
        raise CardiolexError(f"{path}: column given twice: {', '.join(twice)}")
    if not set(header) - {RECORD, PATIENT}:
        raise CardiolexError(f"{path}: no condition column beside {RECORD!r}")


def _label(path: Path, line: int, condition: str, value: str) -> float:
    number = _VALUES.get(value)
    if number is None:
        raise CardiolexError(
            f"{path}, line {line}, column {condition!r}: {value!r} is not 0, 1 or blank"
        )
    return number


def _check_records(path: Path, table: TruthTable) -> None:
    if twice := _repeated(table.records):
        raise CardiolexError(f"{path}: record given twice: {', '.join(twice[:5])}")
    if not table.root.is_dir():
        raise CardiolexError(f"{table.root}: no such folder; record paths of {path} start there")
    outside = [r for r in table.records if Path(r).is_absolute() or ".." in Path(r).parts or not r]
    if outside:
        raise CardiolexError(
            f"{path}: record {outside[0]!r} must be a path inside the root folder {table.root}"
        )
    missing = [r for r in table.records if not (table.root / r).exists()]
    if missing:
        raise CardiolexError(
            f"{path}: {len(missing)} of {len(table.records)} records are not under {table.root}, "
            f"among them {', '.join(missing[:3])}"
        )
    if table.patients is not None and "" in table.patients:
        line = table.patients.index("") + 2
        raise CardiolexError(f"{path}, line {line}: no patient; fill the column or leave it out")


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
