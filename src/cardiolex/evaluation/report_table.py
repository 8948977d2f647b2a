"""Recordings with their reports: a CSV file with `record`, `report` and, where known, `patient`.

`record` (or `id`, `file`, `path`) is a path relative to a root folder, `report` (or `text`) free
text in any language. The same form, without a folder, holds texts alone: reports written by
another program, or the reports of a training set.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cardiolex.errors import CardiolexError
from cardiolex.recordings.recording import Recording

RECORD = ("record", "id", "file", "path")
REPORT = ("report", "text")
PATIENT = "patient"
LONGEST = 1_000_000  # characters of a cell
Read = Callable[[Path], Recording]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ReportTable:
    """N `records` with their `reports`; `patients` (N,) may be unknown.

    `blank` lists records that were left out because nothing is written about them.
    """

    name: str
    records: tuple[str, ...]
    reports: tuple[str, ...]
    patients: tuple[str, ...] | None = None
    root: Path | None = None
    blank: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def owners(self) -> tuple[tuple[str, ...], str]:
        """Whose each record is, and where that is known from."""
        if self.patients is not None:
            return self.patients, "from the table"
        return self.records, "every record taken as a patient"

    def rows(self, chosen: Sequence[int]) -> ReportTable:
        """Some rows, in the given order."""
        return replace(
            self,
            records=tuple(self.records[i] for i in chosen),
            reports=tuple(self.reports[i] for i in chosen),
            patients=None if self.patients is None else tuple(self.patients[i] for i in chosen),
        )


def read_report_table(path: str | Path, root: str | Path | None = None) -> ReportTable:
    """Read a table; with `root` every record must be a file below it.

    Raises CardiolexError naming file, line and value for: a missing file or column, rows of
    another length, a record that is blank, given twice, outside `root` or not there.
    """
    path = Path(path)
    header, rows, lines = _read(path)
    record, report = _column(path, header, RECORD), _column(path, header, REPORT)
    patient = header.index(PATIENT) if PATIENT in header else None
    for line, row in zip(lines, rows, strict=True):
        _check(path, line, header, row, record, patient)
    told = [row for row in rows if row[report]]
    if not told:
        raise CardiolexError(f"{path}: every {header[report]} is blank")
    table = ReportTable(
        name=path.stem,
        records=tuple(row[record] for row in told),
        reports=tuple(row[report] for row in told),
        patients=None if patient is None else tuple(row[patient] for row in told),
        root=None if root is None else Path(root),
        blank=tuple(row[record] for row in rows if not row[report]),
    )
    if twice := [name for name, n in Counter(table.records).items() if n > 1]:
        raise CardiolexError(f"{path}: record given twice: {', '.join(twice[:5])}")
    if root is not None:
        _check_files(path, table, Path(root))
    return table


def same_text(report: str) -> str:
    """A report without its case and spacing: where these are equal, two reports are identical."""
    return " ".join(unicodedata.normalize("NFKC", report).casefold().split())


def names_of(record: str) -> tuple[str, ...]:
    """Ways in which another table may name a record, the strictest first."""
    path = PurePosixPath(record.replace("\\", "/"))
    return record, path.with_suffix("").as_posix(), path.name, path.stem


def rows_by_name(table: ReportTable) -> dict[str, int]:
    """Rows of `table` by every name of their record that no other record shares."""
    rows = {record: row for row, record in enumerate(table.records)}
    shared = Counter(name for record in table.records for name in set(names_of(record)))
    for row, record in enumerate(table.records):
        for name in names_of(record):
            if shared[name] == 1:
                rows.setdefault(name, row)
    return rows


def endings(path: Path) -> Iterator[str]:
    """Ways in which a table may name a file, the longest first, each also without its ending."""
    parts = path.resolve().parts
    for first in range(1, len(parts)):
        whole = PurePosixPath(*parts[first:])
        yield whole.as_posix()
        yield whole.with_suffix("").as_posix()


def matched(table: ReportTable, other: ReportTable) -> list[int | None]:
    """For each record of `table` the row of `other` of that name, the strictest name first.

    A shorter name counts only where no two records of `table` share it.
    """
    rows = rows_by_name(other)
    shared = Counter(name for record in table.records for name in set(names_of(record)))
    return [
        next((rows[n] for n in names_of(r) if n in rows and (n == r or shared[n] == 1)), None)
        for r in table.records
    ]


def read_records(
    table: ReportTable,
    read: Read,
    *,
    chunk: int = 32,
    leads: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[list[int], list[Recording], list[tuple[int, str]]]]:
    """Rows, recordings and failures (row, reason), `chunk` records at a time: memory stays flat.

    With `leads`, a recording that lacks one of them is a failure: nothing is derived.
    """
    if table.root is None:
        raise CardiolexError(f"{table.name}: read the table with the folder of its recordings")
    for start in range(0, len(table), chunk):
        rows, recordings, failures = [], [], []
        for row in range(start, min(start + chunk, len(table))):
            try:
                recording = read(table.root / table.records[row])
                if missing := [lead for lead in leads or () if lead not in recording.leads]:
                    raise CardiolexError(f"has no lead {', '.join(missing)}")
                rows.append(row)
                recordings.append(recording)
            except (ValueError, OSError) as error:
                failures.append((row, str(error)))
        yield rows, recordings, failures
        if progress is not None:
            progress(min(start + chunk, len(table)), len(table))


def _read(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows, and the line on which each row ends: a quoted report may hold line breaks."""
    csv.field_size_limit(LONGEST)
    rows, lines = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for row in filter(None, reader):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CardiolexError(f"{path}: cannot be read as CSV: {reason}") from error
    if len(rows) < 2:
        raise CardiolexError(f"{path}: needs a header line and at least one record")
    return rows[0], rows[1:], lines[1:]


def _column(path: Path, header: Sequence[str], names: Sequence[str]) -> int:
    found = [name for name in names if name in header]
    if not found:
        raise CardiolexError(
            f"{path}: no column {names[0]!r}; the header has: {', '.join(header[:8])}"
        )
    return list(header).index(found[0])


def _check(
    path: Path, line: int, header: list[str], row: list[str], record: int, patient: int | None
) -> None:
    if len(row) != len(header):
        raise CardiolexError(
            f"{path}, line {line}: {len(row)} values where the header has {len(header)} columns"
        )
    if not row[record]:
        raise CardiolexError(f"{path}, line {line}: no {header[record]}")
    if patient is not None and not row[patient]:
        raise CardiolexError(f"{path}, line {line}: no patient; fill the column or leave it out")


def _check_files(path: Path, table: ReportTable, root: Path) -> None:
    if not root.is_dir():
        raise CardiolexError(f"{root}: no such folder; record paths of {path} start there")
    outside = [r for r in table.records if Path(r).is_absolute() or ".." in Path(r).parts]
    if outside:
        raise CardiolexError(
            f"{path}: record {outside[0]!r} must be a path inside the root folder {root}"
        )
    missing = [r for r in table.records if not (root / r).exists()]
    if missing:
        raise CardiolexError(
            f"{path}: {len(missing)} of {len(table)} records are not under {root}, "
            f"among them {', '.join(missing[:3])}"
        )
