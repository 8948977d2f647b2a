"""Data sets whose labels stand in WFDB headers (`#Dx:`), as in the CinC challenges."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from cardiolex.datasets.folders_below import folders_below
from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading
from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers.comments import parse_comments
from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.readers.wfdb_header import parse_header
from cardiolex.reports.vocabulary import Vocabulary


def find_files(root: Path, pattern: str, about: str) -> list[str]:
    """Files below `root` whose name matches `pattern` wholly, as relative paths, by name.

    CardiolexError if there is none: the folder is of another data set.
    """
    named = re.compile(pattern)
    found: list[str] = []
    for folder, names in folders_below(root):
        here = folder.relative_to(root)
        found += [(here / name).as_posix() for name in names if named.fullmatch(name)]
    if not found:
        raise CardiolexError(
            f"{root}: holds no file named like those of {about} ({pattern}); name the folder as "
            "downloaded, or fetch it with `cardiolex download`"
        )
    return sorted(found, key=lambda file: (file.rpartition("/")[2], file))


def find_headers(reading: Reading, stem: str, about: str) -> list[str]:
    """Headers of records named like the pattern `stem`, as `find_files` gives files.

    Half a download is seen: a signal file without its header, and a record that a RECORDS file
    names and that has none, are failures.
    """
    headers = find_files(reading.root, rf"{stem}\.hea", about)
    there, named = {Path(file).stem for file in headers}, re.compile(stem)
    lone: dict[str, str] = {}
    for here, names in folders_below(reading.root):
        for name in names:
            if name.endswith((".dat", ".mat")):
                lone.setdefault(Path(name).stem, (here / name).relative_to(reading.root).as_posix())
        if "RECORDS" in names:
            for line in (here / "RECORDS").read_text(encoding="utf-8").split():
                lone.setdefault(Path(line).name, line)
    reading.failures += [
        (file, "its header is not there; get it with `cardiolex download`")
        for record, file in sorted(lone.items())
        if record not in there and named.fullmatch(record)
    ]
    return headers


@lru_cache(maxsize=1)
def _mapping() -> list[dict[str, str]]:
    text = files(__package__).joinpath("cinc2021_codes.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def codes_of(*sets: str) -> tuple[str, ...]:
    """SNOMED CT codes that occur in any of `sets` (columns of cinc2021_codes.csv)."""
    return tuple(row["code"] for row in _mapping() if any(int(row[name]) for name in sets))


def header_entries(
    reading: Reading,
    stem: str,
    about: str,
    sets: Sequence[str],
    *,
    split: Callable[[str], str] = lambda record: "",
    name_of: Callable[[str], tuple[str, ...]] | None = None,
) -> Iterator[Entry]:
    """Yield one entry per header; what any record of `sets` is labelled with was judged.

    `stem` is the pattern of a record's name. `name_of(code)` turns a label into vocabulary names;
    the default takes SNOMED CT codes. A code that no record of these sets carries is a failure of
    its record.
    """
    allowed = codes_of(*sets)
    named = name_of or (lambda code: reading.names("snomed", code))
    judged = tuple(sorted({name for code in allowed for name in named(code)}))
    unnamed: Counter[str] = Counter()
    for file in find_headers(reading, stem, about):
        try:
            header = parse_header(reading.root / file)
        except ReadError as error:
            reading.failures.append((file, str(error)))
            continue
        person = parse_comments(header.comments)
        strange = [code for code in person.labels if code not in allowed and not named(code)]
        if strange:
            reading.failures.append(
                (file, f"label {strange[0]!r} is none that {about} uses; it is left out")
            )
            continue
        unnamed.update(code for code in person.labels if not named(code))
        present = sorted({name for code in person.labels for name in named(code)})
        record = Path(file).stem
        yield Entry(
            file,
            record,
            age=person.age,
            sex=person.sex,
            truth=Truth(tuple(present), (), judged) if person.labels else Truth((), (), ()),
            codes=person.labels,
            split=split(record),
        )
    note_unnamed(reading, unnamed)


def note_unnamed(reading: Reading, unnamed: Counter[str]) -> None:
    """Say which labels of the data set have no name in the vocabulary."""
    if unnamed:
        listed = ", ".join(f"{code} ({n})" for code, n in unnamed.most_common(8))
        reading.notes.append(f"labels that the vocabulary has no name for: {listed}")


def statement_names(
    text: str, vocabulary: Vocabulary, patterns: Sequence[tuple[re.Pattern[str], str]]
) -> tuple[str, ...]:
    """Names of a statement in words: a name of the vocabulary, or the first pattern that fits.

    A pattern's replacement may use its groups; it names nothing where the vocabulary lacks it.
    """
    name = vocabulary.resolve(text)
    if name is not None:
        return (name,)
    for pattern, replacement in patterns:
        if match := pattern.fullmatch(text):
            wanted = match.expand(replacement).lower()
            found = vocabulary.resolve(wanted)
            return (found,) if found else ()
    return ()
