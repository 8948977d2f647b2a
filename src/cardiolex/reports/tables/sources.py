"""Reports, one by one, from a MIMIC-IV-ECG folder, PTB-XL's CSV, any CSV, TSV, JSONL or text."""

import codecs
import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.reports.clean import STATEMENT_COLUMNS
from cardiolex.reports.tables.seen import Seen

MIMIC_FILE = "machine_measurements.csv"
ID_COLUMNS = ("study_id", "ecg_id", "record_id", "record", "id", "file", "filename", "path")
TEXT_COLUMNS = ("report", "report_text", "text", "statement", "statements", "interpretation",
                "impression", "findings", "diagnosis", "total", "sentence")  # fmt: skip
MISSING = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>"})
JSON = (".jsonl", ".ndjson", ".json")
WESTERN = "western"
"""What is no UTF-8 is read as Windows-1252, byte by byte (a codec error handler)."""
LONGEST = 1_000_000
"""Characters of a cell; longer ones are no reports and are skipped."""


@dataclass(frozen=True)
class Report:
    """One record's texts (statements, or one whole report), in order."""

    id: str
    texts: tuple[str, ...]


@dataclass
class Skips:
    """What was left out and why: reason -> how many; the first places are kept as examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, where: str, times: int = 1) -> None:
        """Count what was left out: one record, or so many."""
        self.counts[reason] += times
        self.examples.setdefault(reason, where)


def read_reports(
    path: str | Path, *, text: str | None = None, id: str | None = None, skips: Skips | None = None
) -> Iterator[Report]:
    """Yield the reports of a file or of a MIMIC-IV-ECG folder; memory does not grow with the file.

    `text` and `id` name the columns (or JSON keys); without them the usual names are looked for.
    Records without text, with an id that was there before, and lines that cannot be read are left
    out and counted in `skips`. What is no UTF-8 is read as Windows-1252. Raises CardiolexError
    naming the file and the columns it has.
    """
    source = _file(Path(path))
    skips = skips if skips is not None else Skips()
    seen = Seen()
    columns: _Columns | None = None
    missing: CardiolexError | None = None
    for where, row in _rows(source, skips):
        if isinstance(row, str):
            name, texts = str(where), [row]
        else:
            if columns is None or columns.columns != tuple(row):
                try:
                    columns = _Columns.find(source, tuple(row), text, id)
                except CardiolexError as error:
                    if source.suffix.lower() not in JSON:
                        raise
                    missing = missing or error
                    skips.add("line without the field of the report", f"{source}: line {where}")
                    continue
            name, texts = columns.read(row, str(where))
        texts = [t for t in texts if t.strip().lower() not in MISSING]
        place = f"{source}: line {where}"
        if not any(c.isalpha() for t in texts for c in t):
            skips.add("no text", place)
        elif any(len(t) > LONGEST for t in texts):
            skips.add(f"more than {LONGEST:,} characters", place)
        elif any("\0" in t for t in texts):
            skips.add("binary content", place)
        elif not seen.add(name):
            skips.add("id was there before", f"{place}: {name}")
        else:
            yield Report(name, tuple(texts))
    if missing is not None and columns is None:
        raise missing


@dataclass(frozen=True)
class Source:
    """What a file of reports is: `identity` changes with any byte, `lines` bounds its records."""

    identity: str
    lines: int


def source_of(path: str | Path) -> Source:
    """SHA-256 and number of lines of the file that `read_reports` reads for `path`."""
    digest, lines, last = hashlib.sha256(), 0, b"\n"
    with _file(Path(path)).open("rb") as handle:
        while block := handle.read(1 << 22):
            digest.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
    return Source(digest.hexdigest(), lines + (last != b"\n"))


def _file(path: Path) -> Path:
    if path.is_dir():
        path = path / MIMIC_FILE
        if not path.exists():
            raise CardiolexError(
                f"{path.parent}: has no {MIMIC_FILE}. Give the folder of MIMIC-IV-ECG, or a file."
            )
    if not path.exists():
        raise CardiolexError(f"{path}: no such file.")
    with path.open("rb") as handle:
        start = handle.read(4096)
    if not start.strip():
        raise CardiolexError(f"{path}: is empty.")
    if b"\0" in start or start[:2] in (b"PK", b"\x1f\x8b"):
        raise CardiolexError(f"{path}: is a binary file. Give CSV, TSV, JSONL or plain text.")
    return path


def _rows(path: Path, skips: Skips) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    suffix = path.suffix.lower()
    if suffix in JSON:
        yield from _json_rows(path, skips)
    elif suffix in (".csv", ".tsv", ".tab"):
        yield from _csv_rows(path, "," if suffix == ".csv" else "\t", skips)
    else:
        with path.open(encoding="utf-8", errors=WESTERN) as handle:
            for number, line in enumerate(handle, start=1):
                yield number, line.rstrip("\r\n")


def _json_rows(path: Path, skips: Skips) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", errors=WESTERN) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                yield number, row
            elif number == 1 and line.lstrip().startswith("["):
                raise CardiolexError(
                    f"{path}: is a JSON array. Write one object a line (jq -c '.[]' {path.name})."
                )
            else:
                skips.add("line is no JSON object", f"{path}: line {number}")


def _csv_rows(path: Path, delimiter: str, skips: Skips) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(64 * LONGEST)
    with path.open(encoding="utf-8-sig", errors=WESTERN, newline="") as handle:
        quotes = _Quotes(handle)
        if path.suffix.lower() == ".csv":
            delimiter = _delimiter(path)
        reader = csv.DictReader(quotes, delimiter=delimiter)
        line = 1
        try:
            for row in reader:
                where, line = f"{path}: line {line + 1}", reader.line_num
                if quotes.left_open:
                    skips.add("quotation mark that is never closed", where)
                elif None in row:
                    skips.add("line has too many cells", where)
                else:
                    yield line, row
        except csv.Error as error:
            raise CardiolexError(f"{path}: line {reader.line_num}: {error}.") from error


class _Quotes:
    """Lines of a CSV; `left_open` when they have ended inside a quotation."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = lines
        self.left_open = False

    def __iter__(self) -> Iterator[str]:
        count = 0
        for line in self.lines:
            count += line.count('"')
            yield line.replace("\0", "\ufffd")
        self.left_open = count % 2 == 1


def _western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error(WESTERN, _western)


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors=WESTERN) as handle:
        header = handle.readline()
    return max(",;\t", key=header.count)


@dataclass(frozen=True)
class _Columns:
    """Where the record id (None: nowhere) and the texts stand in rows of these `columns`."""

    columns: tuple[str, ...]
    id: str | None
    texts: tuple[str, ...]

    @classmethod
    def find(
        cls, path: Path, columns: tuple[str, ...], text: str | None, id: str | None
    ) -> "_Columns":
        """The named columns, or the usual ones; CardiolexError if there are none."""
        name = _chosen(path, columns, id, ID_COLUMNS, "--id", "record ids", needed=False)
        statements = tuple(column for column in STATEMENT_COLUMNS if column in columns)
        if text is None and statements:
            return cls(columns, name, statements)
        found = _chosen(path, columns, text, TEXT_COLUMNS, "--text", "the reports", needed=True)
        return cls(columns, name, (str(found),))

    def read(self, row: Mapping[str, Any], where: str) -> tuple[str, list[str]]:
        """Id and texts of a row; a list in a cell is several texts."""
        cells = [row.get(column) for column in self.texts]
        if len(cells) == 1 and isinstance(cells[0], list):
            cells = cells[0]
        name = _cell(row.get(self.id)) if self.id else ""
        return name or where, [_cell(cell) for cell in cells if cell]


def _chosen(
    path: Path,
    columns: Sequence[str],
    named: str | None,
    usual: Iterable[str],
    option: str,
    what: str,
    *,
    needed: bool,
) -> str | None:
    if named is not None and named not in columns:
        raise CardiolexError(f"{path}: has no column '{named}'. It has {', '.join(columns)}.")
    by_lower = {column.lower(): column for column in columns}
    found = named or next((by_lower[name] for name in usual if name in by_lower), None)
    if found is None and needed:
        raise CardiolexError(
            f"{path}: has no column for {what}. It has {', '.join(columns)}. Name one by {option}."
        )
    return found


def _cell(value: object) -> str:
    """Text that can be written as UTF-8: JSON may hold halves of characters."""
    text = "" if value is None else str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
