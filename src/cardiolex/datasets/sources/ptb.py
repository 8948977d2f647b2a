"""PTB Diagnostic ECG Database 1.0.0 (Bousseljot et al. 1995): 549 recordings of 290 people.

Clinical summaries in the headers: what they name is present, of the rest nobody says that it was
looked for. Recordings last up to two minutes and give several windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.headers import find_headers, statement_names
from cardiolex.recordings.readers.comments import parse_comments
from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.readers.wfdb_header import parse_header

_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"Healthy control", "normal ecg"),
        (
            r"(?:acute|former) infarction \(localization\): infero-?latera\w*",
            "inferolateral myocardial infarction",
        ),
        (
            r"(?:acute|former) infarction \(localization\): antero-?latera\w*",
            "anterolateral myocardial infarction",
        ),
        (
            r"(?:acute|former) infarction \(localization\): antero-?septa\w*",
            "anteroseptal myocardial infarction",
        ),
        (r"(?:acute|former) infarction \(localization\): (\w+)", r"\1 myocardial infarction"),
    )
]


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield every s….hea below the folder; the folder patientNNN names the patient."""
    for file in find_headers(reading, r"s\d{4}\w+", "PTB Diagnostic"):
        try:
            person = parse_comments(parse_header(reading.root / file).comments)
        except ReadError as error:
            reading.failures.append((file, str(error)))
            continue
        folder = Path(file).parent.name
        present = {
            name
            for label in person.labels
            for name in statement_names(label, reading.vocabulary, _PATTERNS)
        }
        yield Entry(
            file,
            Path(file).stem,
            patient=folder if re.fullmatch(r"patient\d+", folder) else None,
            age=person.age,
            sex=person.sex,
            report=person.report,
            truth=Truth(tuple(sorted(present)), (), ()),
            codes=person.labels,
        )


SOURCE = Source("ptb", "PTB Diagnostic", "1.0.0", "patient001/s0010_re.hea, .dat, .xyz …", entries)
