"""LUDB 1.0.1 (Kalyakulina et al. 2020): 200 recordings, diagnoses as words in the headers.

Judged is what any header of the folder names. Every recording is of a patient of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.headers import find_headers, note_unnamed, statement_names
from cardiolex.recordings.readers.comments import Person, parse_comments
from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.readers.wfdb_header import parse_header

ABOUT = "LUDB"
_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"Rhythm: Irregular sinus rhythm", "sinus arrhythmia"),
        (r"Rhythm: Atrial flutter.*", "atrial flutter"),
        (r"Rhythm: (.+)", r"\1"),
        (r"Ventricular extrasystole, type: bigemini", "ventricular bigeminy"),
        (r"Ventricular extrasystole.*", "premature ventricular complex"),
        (r"Atrial extrasystole, type: bigemini", "atrial bigeminy"),
        (r"Atrial extrasystole.*", "premature atrial complex"),
        (r"(UNI|BI)polar ventricular pacing", "ventricular paced rhythm"),
        (r"(UNI|BI)polar atrial pacing", "atrial paced rhythm"),
        (r"STEMI: (\w+)( wall)?", "st elevation myocardial infarction"),
        (r"Scar formation: (\w+)( wall)?", r"\1 myocardial infarction"),
        (r"Undefined ischemia.*", "myocardial ischemia or infarction"),
        (
            r"Non-specific repolarization abnormalities.*",
            "non-specific repolarization abnormalities",
        ),
        (r"Non-specific intrav\w+ conduction delay", "intraventricular conduction delay"),
        (r"Sinoatrial blockade.*", "sinoatrial block"),
    )
]


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield every numbered header below the folder."""
    people: dict[str, Person] = {}
    for file in find_headers(reading, r"\d{1,3}", ABOUT):
        try:
            people[file] = parse_comments(parse_header(reading.root / file).comments)
        except ReadError as error:
            reading.failures.append((file, str(error)))
    found = {file: _names(person, reading) for file, person in people.items()}
    judged = tuple(sorted(frozenset[str]().union(*found.values())))
    unnamed = Counter(
        label for p in people.values() for label in p.labels if not _of(label, reading)
    )
    note_unnamed(reading, unnamed)
    for file in sorted(people, key=lambda file: int(Path(file).stem)):
        person, record = people[file], Path(file).stem
        yield Entry(
            file,
            record,
            patient=record,
            age=person.age,
            sex=person.sex,
            report=person.report,
            truth=Truth(tuple(sorted(found[file])), (), judged),
            codes=person.labels,
        )


def _of(label: str, reading: Reading) -> tuple[str, ...]:
    return statement_names(label, reading.vocabulary, _PATTERNS)


def _names(person: Person, reading: Reading) -> frozenset[str]:
    return frozenset(name for label in person.labels for name in _of(label, reading))


SOURCE = Source("ludb", "LUDB", "1.0.1", "data/1.hea, data/1.dat …", entries)
