"""SPH (Liu et al. 2022): 25,770 recordings of 24,666 patients, AHA/ACC/HRS statement numbers.

metadata.csv and records/A00001.h5. A statement may carry modifiers ("50+346"): it counts under the
name that the whole has, else under that of the statement itself. Judged is every statement in the
table. Of each ten patients, by a hash, eight train, one validation, one test.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.headers import note_unnamed
from cardiolex.datasets.sources.tables import age_of, rows_of, sex_of
from cardiolex.errors import CardiolexError

ABOUT = "SPH"
_STATEMENT = re.compile(r"\d{1,3}(\+\d{1,3})*")


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield the rows of metadata.csv."""
    table = next(
        (p for n in ("metadata.csv", "sph_metadata.csv") if (p := reading.root / n).is_file()),
        reading.root / "metadata.csv",
    )
    required = ("ECG_ID", "AHA_Code", "Patient_ID", "Age", "Sex")
    rows = [
        (row, _codes(table, line, row["AHA_Code"])) for line, row in rows_of(table, required, ABOUT)
    ]
    every = {code for _, codes in rows for code in codes}
    names = {code: _names(code, reading) for code in every}
    judged = tuple(sorted({name for found in names.values() for name in found}))
    note_unnamed(reading, Counter(c for _, codes in rows for c in codes if not names[c]))
    for row, codes in rows:
        present = sorted({name for code in codes for name in names[code]})
        yield Entry(
            _file(reading.root, row["ECG_ID"]),
            row["ECG_ID"],
            patient=row["Patient_ID"] or None,
            age=age_of(row["Age"]),
            sex=sex_of(row["Sex"]),
            truth=Truth(tuple(present), (), judged),
            codes=codes,
            split=_split(row["Patient_ID"]),
        )


def _codes(path: Path, line: int, text: str) -> tuple[str, ...]:
    codes = tuple(code.strip() for code in text.split(";") if code.strip())
    if strange := [code for code in codes if not _STATEMENT.fullmatch(code)]:
        raise CardiolexError(
            f"{path}, line {line}: AHA_Code {strange[0]!r} is no statement number like 22 or 50+346"
        )
    return codes


def _names(code: str, reading: Reading) -> tuple[str, ...]:
    return reading.names("aha", code) or reading.names("aha", code.partition("+")[0])


def _file(root: Path, name: str) -> str:
    """Path of a recording: in `records`, or beside the table; also under its early name SPH….h5."""
    early = name.replace("A", "SPH", 1)
    found = [f for f in (f"records/{name}.h5", f"{name}.h5", f"{early}.h5") if (root / f).is_file()]
    return found[0] if found else f"records/{name}.h5"


def _split(patient: str) -> str:
    tenth = hashlib.sha256(f"sph {patient}".encode()).digest()[0] % 10
    return {0: "test", 1: "val"}.get(tenth, "train")


SOURCE = Source("sph", "SPH", "figshare 2022", "metadata.csv, records/A00001.h5 …", entries)
