"""PTB-XL 1.0.3 (Wagner et al. 2020): 21,799 recordings, SCP statements, reports, ten folds.

Statements count at any likelihood, zero (not stated) included, as in the published label sets.
Diagnostic and rhythm statements are judged where a record has at least one of their kind, form
statements always. Folds 1-8 train, 9 validation, 10 test; no patient is in two folds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cardiolex.datasets.rows import Truth
from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.tables import age_of, find_table, flag, rows_of, sex_of
from cardiolex.errors import CardiolexError
from cardiolex.reports.vocabulary import Vocabulary

ABOUT = "PTB-XL 1.0.3"
RECORDS = 21_799
KINDS = ("diagnostic", "form", "rhythm")
SPLITS = {**dict.fromkeys(range(1, 9), "train"), 9: "val", 10: "test"}


@dataclass(frozen=True)
class Statement:
    """A row of scp_statements.csv."""

    kinds: frozenset[str]
    superclass: str
    subclass: str
    names: frozenset[str]  # in the vocabulary, its classes included


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield the records of ptbxl_database.csv at the rate asked for."""
    table = find_table(reading.root, "ptbxl_database.csv", ABOUT)
    statements = read_statements(
        find_table(reading.root, "scp_statements.csv", ABOUT), reading.vocabulary
    )
    judged = {
        kind: frozenset().union(*(s.names for s in statements.values() if kind in s.kinds))
        for kind in KINDS
    }
    column = "filename_hr" if reading.rate == 500 else "filename_lr"
    required = ("ecg_id", "patient_id", "age", "sex", "report", "scp_codes", "strat_fold", column)
    rows = 0
    for line, row in rows_of(table, required, ABOUT):
        rows += 1
        codes = _codes(table, line, row["scp_codes"], statements)
        yield Entry(
            f"{row[column]}.hea",
            row["ecg_id"],
            patient=row["patient_id"].removesuffix(".0") or None,
            age=age_of(row["age"]),
            sex=sex_of(row["sex"], {"0": "male", "1": "female"}),
            report=row["report"] or None,
            truth=_truth(codes, statements, judged),
            codes=codes,
            split=_split(table, line, row["strat_fold"]),
        )
    if rows != RECORDS:
        older = " (1.0.1 and 1.0.2 have 21,837, copies among them)" if rows > RECORDS else ""
        reading.notes.append(f"the table has {rows} rows; version 1.0.3 has {RECORDS}{older}")


def read_statements(path: Path, vocabulary: Vocabulary) -> dict[str, Statement]:
    """SCP code -> what scp_statements.csv says of it."""
    kept: dict[str, Statement] = {}
    required = ("description", *KINDS, "diagnostic_class", "diagnostic_subclass")
    for line, row in rows_of(path, required, ABOUT):
        code = row.get("") or row.get("Unnamed: 0") or ""
        kinds = frozenset(kind for kind in KINDS if flag(path, line, kind, row[kind]))
        classes = (row["diagnostic_class"], row["diagnostic_subclass"])
        named = [n for one in (code, *classes) if one for n in names_of_code(one, vocabulary)]
        kept[code] = Statement(kinds, *classes, frozenset(named))
    return kept


def names_of_code(code: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Vocabulary names of a statement or a class of them (AVB, ISCI and ISCA are classes only)."""
    only = {"AVB": "av block", "ISCI": "inferior ischemia", "ISCA": "anterior ischemia"}
    if code in only:
        return (only[code],) if only[code] in vocabulary else ()
    return vocabulary.from_code("scp", code)


def _codes(
    path: Path, line: int, text: str, statements: Mapping[str, Statement]
) -> tuple[str, ...]:
    try:
        codes = ast.literal_eval(text)
        if not isinstance(codes, dict):
            raise ValueError
    except (ValueError, SyntaxError) as error:
        raise CardiolexError(
            f"{path}, line {line}: scp_codes {text[:60]!r} is no dict of codes"
        ) from error
    if strange := [code for code in codes if code not in statements]:
        raise CardiolexError(
            f"{path}, line {line}: statement {strange[0]!r} is not in scp_statements.csv"
        )
    return tuple(codes)


def _truth(
    codes: tuple[str, ...],
    statements: Mapping[str, Statement],
    judged: Mapping[str, frozenset[str]],
) -> Truth:
    kinds = {"form"}.union(*(statements[code].kinds for code in codes))
    present = frozenset[str]().union(*(statements[code].names for code in codes))
    looked_for = present.union(*(judged[kind] for kind in kinds))
    return Truth(tuple(sorted(present)), (), tuple(sorted(looked_for)))


def _split(path: Path, line: int, fold: str) -> str:
    try:
        return SPLITS[int(float(fold))]
    except (ValueError, KeyError) as error:
        raise CardiolexError(
            f"{path}, line {line}: strat_fold {fold!r} is none of 1 to 10"
        ) from error


SOURCE = Source(
    "ptb-xl",
    "PTB-XL",
    "1.0.3",
    "ptbxl_database.csv, scp_statements.csv, records500/00000/00001_hr.hea, records100/…",
    entries,
    rates=(500, 100),
)
