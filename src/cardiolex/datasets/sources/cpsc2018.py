"""CPSC2018 (Liu et al. 2018): 6,877 recordings with one to three of nine labels.

In its own form: A0001.mat … with REFERENCE.csv; or in the form of CinC 2020/2021: headers with
`#Dx`, as words or SNOMED CT codes. Labels of the native form come from REFERENCE.csv or, without
it, from the published split table. Parts are those of that table, by record: patients are not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.headers import find_files, header_entries
from cardiolex.datasets.sources.tables import rows_of
from cardiolex.datasets.splits import load_split
from cardiolex.errors import CardiolexError

ABOUT = "CPSC2018"
LABELS = (  # number in REFERENCE.csv, word, SNOMED CT, code of the split table, condition
    ("1", "Normal", "426783006", "NORM", "normal ecg"),
    ("2", "AF", "164889003", "AFIB", "atrial fibrillation"),
    ("3", "I-AVB", "270492004", "1AVB", "first degree av block"),
    ("4", "LBBB", "164909002", "CLBBB", "left bundle branch block"),
    ("5", "RBBB", "59118001", "CRBBB", "right bundle branch block"),
    ("6", "PAC", "284470004", "PAC", "premature atrial complex"),
    ("7", "PVC", "164884008", "VPC", "premature ventricular complex"),
    ("8", "STD", "429622005", "STD", "st depression"),
    ("9", "STE", "164931005", "STE", "st elevation"),
)
JUDGED = tuple(sorted(condition for *_, condition in LABELS))
_CONDITION = {code: label[-1] for label in LABELS for code in label[:-1]}


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield the records of either form; a folder with headers is of CinC's."""
    split = {n: p.split for p in load_split("cpsc2018", reading.face).parts.values() for n in p.ids}
    files = find_files(reading.root, r"A\d{4}\.(hea|mat)", ABOUT)
    if any(file.endswith(".hea") for file in files):
        yield from header_entries(
            reading,
            r"A\d{4}",
            ABOUT,
            ("cpsc",),
            split=lambda record: split.get(record, ""),
            name_of=lambda code: (_CONDITION[code],) if code in _CONDITION else (),
        )
        return
    references = sorted(reading.root.rglob("REFERENCE.csv"))
    told = _reference(references[0]) if references else _split_labels()
    if not references:
        reading.notes.append("no REFERENCE.csv: labels are those of the published split table")
    held = {Path(file).stem: file for file in files}
    for record in sorted({*told, *held}):
        if record not in told:
            reading.failures.append((held[record], "no label is given for it; it is left out"))
        elif record in held:
            names = tuple(sorted({_CONDITION[code] for code in told[record]}))
            yield Entry(
                held[record],
                record,
                truth=Truth(names, (), JUDGED),
                codes=told[record],
                split=split.get(record, ""),
            )
        elif references:
            reading.failures.append((f"{record}.mat", "in REFERENCE.csv, but not in the folder"))


def _reference(path: Path) -> dict[str, tuple[str, ...]]:
    columns = ("First_label", "Second_label", "Third_label")
    numbers = {label[0] for label in LABELS}
    told: dict[str, tuple[str, ...]] = {}
    for line, row in rows_of(path, ("Recording", *columns), ABOUT):
        codes = tuple(row[c].strip() for c in columns if row[c].strip().lower() not in ("", "nan"))
        if strange := [code for code in codes if code not in numbers]:
            raise CardiolexError(f"{path}, line {line}: label {strange[0]!r} is none of 1 to 9")
        told[row["Recording"].strip()] = codes
    return told


@lru_cache(maxsize=1)
def _split_labels() -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {}
    for part in load_split("cpsc2018").parts.values():
        for record, labels in zip(part.ids, part.labels, strict=True):
            told[record] = tuple(part.codes[place] for place in labels.nonzero()[0])
    return told


SOURCE = Source(
    "cpsc2018",
    "CPSC2018",
    "2018",
    "A0001.mat … and REFERENCE.csv, or A0001.hea, A0001.mat",
    entries,
)
