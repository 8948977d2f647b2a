"""A CSV that tells about the recordings of a folder: who, report, findings.

One row per recording. `record` (or `id`, `file`, `path`) names it: relative path, file name, either
without its ending, or the id in the file. `patient`, `age`, `sex`, `report` are taken as they are;
`labels` lists findings, separated by semicolons. Any other column whose heading the vocabulary
knows is a finding too: 1 present, 0 absent, blank unknown. What was never looked for is unknown.
MIMIC-IV-ECG's machine_measurements.csv is taken as it is: `study_id` names the record, `subject_id`
the patient, and the statements `report_0` to `report_17` are the report.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.errors import CardiolexError
from cardiolex.reports.clean import STATEMENT_COLUMNS, report_text
from cardiolex.reports.vocabulary import Vocabulary

KEYS = ("record", "id", "file", "path", "study_id")
PLAIN = ("patient", "age", "sex", "report")
MIMIC = {"patient": "subject_id"}
_ABSENT, _PRESENT = {"0", "0.0", "false", "no"}, {"1", "1.0", "true", "yes"}


@dataclass(frozen=True)
class Details:
    """What the CSV says about one recording; `truth` is None where it says nothing of findings."""

    patient: str | None = None
    age: float | None = None
    sex: str | None = None
    report: str | None = None
    truth: Truth | None = None


@dataclass(frozen=True)
class Metadata:
    """Details by the name of the recording as written, and the columns that were not understood."""

    details: Mapping[str, Details]
    ignored_columns: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | Path, vocabulary: Vocabulary) -> Metadata:
        """CardiolexError naming file, line and value for anything that cannot be understood."""
        path = Path(path)
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                lines = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CardiolexError(f"{path}: cannot be read as CSV: {error}") from error
        if not lines:
            raise CardiolexError(f"{path}: has no rows")
        return _Reader(path, list(lines[0]), vocabulary).all(lines)


class _Reader:
    def __init__(self, path: Path, columns: list[str], vocabulary: Vocabulary) -> None:
        self.path, self.vocabulary = path, vocabulary
        named = [column for column in columns if column in KEYS]
        if not named:
            raise CardiolexError(f"{path}: needs a column 'record' that names the recordings")
        self.key = named[0]
        self.statements = [column for column in STATEMENT_COLUMNS if column in columns]
        own = (*KEYS, *PLAIN, *MIMIC.values(), *self.statements, "labels")
        others = [c for c in columns if c and c not in own]
        found = {column: vocabulary.resolve(column) for column in others}
        self.findings = {column: name for column, name in found.items() if name}
        self.ignored = tuple(column for column, name in found.items() if not name)
        self.listed: set[str] = set()

    def all(self, lines: list[dict[str, str]]) -> Metadata:
        listed = [self._listed(line, number) for number, line in enumerate(lines, 2)]
        self.listed = set().union(*listed)
        details: dict[str, Details] = {}
        for number, (line, names) in enumerate(zip(lines, listed, strict=True), 2):
            key = (line[self.key] or "").strip()
            if not key or key in details:
                raise self._error(number, f"{self.key} {key!r} is blank or stands there twice")
            details[key] = self._details(line, names, number)
        return Metadata(details, self.ignored)

    def _listed(self, line: dict[str, str], number: int) -> set[str]:
        words = [word.strip() for word in (line.get("labels") or "").split(";")]
        names = {word: self.vocabulary.resolve(word) for word in words if word}
        if strange := [word for word, name in names.items() if name is None]:
            raise self._error(
                number, f"label {strange[0]!r} is not in the vocabulary; use one of its names"
            )
        return {name for name in names.values() if name}

    def _details(self, line: dict[str, str], listed: set[str], number: int) -> Details:
        plain = {
            name: (line.get(name) or line.get(MIMIC.get(name, name)) or "").strip() or None
            for name in PLAIN
        }
        if self.statements:
            plain["report"] = plain["report"] or report_text(line) or None
        present, judged = set(listed), set(self.listed)
        for column, name in self.findings.items():
            value = (line[column] or "").strip().lower()
            if value in _PRESENT:
                present.add(name)
            elif value and value not in _ABSENT | {"nan"}:
                raise self._error(number, f"{column!r} is {value!r}; write 1, 0 or nothing")
            if value in _PRESENT | _ABSENT:
                judged.add(name)
        told = bool(self.findings) or "labels" in line
        truth = Truth(tuple(sorted(present)), (), tuple(sorted(judged))) if told else None
        return Details(
            plain["patient"], self._age(plain["age"], number), plain["sex"], plain["report"], truth
        )

    def _age(self, text: str | None, number: int) -> float | None:
        if text is None or text.lower() == "nan":
            return None
        try:
            return float(text)
        except ValueError as error:
            raise self._error(number, f"age {text!r} is no number") from error

    def _error(self, line: int, what: str) -> CardiolexError:
        return CardiolexError(f"{self.path}, line {line}: {what}")
