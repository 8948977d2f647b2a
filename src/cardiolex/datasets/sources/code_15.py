"""CODE-15 % (Ribeiro et al. 2021): 345,779 exams of 233,770 patients, six abnormalities.

exams.csv and exams_part0.hdf5 … exams_part17.hdf5, or single exams cut to code_15_<exam>.mat, the
form of ECG-FM. The unit is not stated, so amplitudes are no millivolts. Of each ten patients, by a
hash, eight are for training, one for validation, one for test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.tables import age_of, flag, rows_of
from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers.hdf5 import exam_rows

ABOUT = "CODE-15 %"
CONDITIONS = {
    "1dAVb": "first degree av block",
    "RBBB": "right bundle branch block",
    "LBBB": "left bundle branch block",
    "SB": "sinus bradycardia",
    "ST": "sinus tachycardia",
    "AF": "atrial fibrillation",
}
NORMAL = ("normal_ecg", "normal ecg")


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield the exams of exams.csv that are in one of the files."""
    table = reading.root / "exams.csv"
    if not table.is_file() and (reading.root / "code15_meta.csv").is_file():
        table = reading.root / "code15_meta.csv"
    held: dict[str, dict[int, int]] = {}
    required = ("exam_id", "age", "is_male", *CONDITIONS, "patient_id", "trace_file")
    for line, row in rows_of(table, required, ABOUT):
        exam = _exam(table, line, row["exam_id"])
        place = _place(reading.root, exam, row["trace_file"], held)
        if place is None:
            reading.failures.append((str(exam), f"is not in {row['trace_file']}; not downloaded?"))
            continue
        male = flag(table, line, "is_male", row["is_male"])
        yield Entry(
            place[0],
            str(exam),
            row=place[1],
            patient=row["patient_id"] or None,
            age=age_of(row["age"]),
            sex=None if male is None else "male" if male else "female",
            truth=_truth(table, line, row),
            codes=tuple(code for code in CONDITIONS if flag(table, line, code, row[code])),
            split=_split(row["patient_id"]),
        )


def _exam(path: Path, line: int, text: str) -> int:
    try:
        return int(float(text))
    except ValueError as error:
        raise CardiolexError(f"{path}, line {line}: exam_id {text!r} is no number") from error


def _place(
    root: Path, exam: int, trace: str, held: dict[str, dict[int, int]]
) -> tuple[str, int | None] | None:
    """File and row of an exam, None where it is not there."""
    if not (root / trace).is_file():
        alone = f"code_15_{exam}.mat"
        return (alone, None) if (root / alone).is_file() else None
    if trace not in held:
        held[trace] = exam_rows(root / trace)
    row = held[trace].get(exam)
    return None if row is None else (trace, row)


def _truth(path: Path, line: int, row: dict[str, str]) -> Truth:
    told = {name: flag(path, line, code, row[code]) for code, name in CONDITIONS.items()}
    if NORMAL[0] in row:
        told[NORMAL[1]] = flag(path, line, NORMAL[0], row[NORMAL[0]])
    judged = sorted(name for name, value in told.items() if value is not None)
    return Truth(tuple(sorted(name for name, value in told.items() if value)), (), tuple(judged))


def _split(patient: str) -> str:
    tenth = hashlib.sha256(f"code-15 {patient}".encode()).digest()[0] % 10
    return {0: "test", 1: "val"}.get(tenth, "train")


SOURCE = Source("code-15", "CODE-15 %", "1.0.0", "exams.csv, exams_part0.hdf5 …", entries)
