"""MIMIC-IV-ECG 1.0 (Gow et al. 2023, doi 10.13026/4nqg-sb35): 800,035 recordings.

machine_measurements.csv, which holds the texts of the carts, and record_list.csv are joined by
study_id, never by the order of rows.
Records with a report of under four words are left out as in MERL, and counted in the notes. The
files store aVF before aVL; readers take leads by name. Labels come from `cardiolex extract`.

`strict`: 2 % of the patients are for validation, chosen by a hash of subject_id. `published`: 2 %
of the records, as MERL split them (seed 42), and MERL's text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np

from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.mimic_text import KEPT, RECORDS, is_kept, merl_text
from cardiolex.datasets.sources.tables import find_table, rows_of
from cardiolex.errors import CardiolexError
from cardiolex.reports.clean import STATEMENT_COLUMNS, report_text

ABOUT = "MIMIC-IV-ECG 1.0"
VALIDATION = 0.02


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield every record whose report the filter keeps, in the order of machine_measurements."""
    told = find_table(reading.root, "machine_measurements.csv", ABOUT)
    listed = _paths(find_table(reading.root, "record_list.csv", ABOUT))
    validation = _published_validation(told) if reading.face == "published" else None
    required = ("subject_id", "study_id", *STATEMENT_COLUMNS)
    number, rows = count(), 0
    for line, row in rows_of(told, required, ABOUT):
        rows += 1
        text = merl_text(row)
        if not is_kept(text):
            continue
        place = next(number)
        study, subject = row["study_id"].strip(), row["subject_id"].strip()
        if study not in listed:
            reading.failures.append((study, f"{told.name}, line {line}: not in record_list.csv"))
            continue
        owner, file = listed[study]
        if owner != subject:
            raise CardiolexError(
                f"{told}, line {line}: study {study} belongs to subject {subject}, but to {owner} "
                "in record_list.csv; both must be of one version"
            )
        if validation is None:
            held_out, report = _fraction(subject) < VALIDATION, report_text(row)
        else:
            held_out, report = place in validation, f"{text}."
        yield Entry(
            f"{file}.hea",
            study,
            patient=subject,
            report=report,
            split="val" if held_out else "train",
        )
    _tell(reading, rows, next(number))


def _tell(reading: Reading, rows: int, kept: int) -> None:
    reading.notes.append(
        f"{kept} of {rows} records have a report of at least four words; {rows - kept} left out"
    )
    if rows == RECORDS and kept != KEPT:
        reading.notes.append(f"MERL keeps {KEPT} of these {RECORDS} records, not {kept}")
    if rows != RECORDS:
        reading.notes.append(f"the table has {rows} rows; version 1.0 has {RECORDS}")


def _paths(path: Path) -> dict[str, tuple[str, str]]:
    """study_id -> subject_id and path of its record."""
    required = ("subject_id", "study_id", "path")
    return {
        row["study_id"].strip(): (row["subject_id"].strip(), row["path"].strip())
        for _, row in rows_of(path, required, ABOUT)
    }


def _fraction(subject: str) -> float:
    """A number in [0, 1) that depends on the patient alone."""
    digest = hashlib.sha256(f"mimic-iv-ecg {subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _published_validation(told: Path) -> frozenset[int]:
    """Places among the kept rows that MERL's random split (2 %, seed 42) holds out."""
    kept = sum(is_kept(merl_text(row)) for _, row in rows_of(told, STATEMENT_COLUMNS, ABOUT))
    order = np.random.RandomState(42).permutation(kept)
    return frozenset(order[: -int(-kept * VALIDATION // 1)].tolist())


SOURCE = Source(
    "mimic-iv-ecg",
    "MIMIC-IV-ECG",
    "1.0",
    "machine_measurements.csv, record_list.csv, files/p1000/p10000032/s40689238/40689238.hea",
    entries,
)
