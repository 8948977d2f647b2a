"""Report text and report filter as MERL made them, for MIMIC-IV-ECG (arXiv:2403.06659).

K-MERL and MELP take the same 771,693 of 800,035 records. SuPreME's rule ("fewer than 3 words")
leaves 771,500 and is not published in detail.
"""

from __future__ import annotations

from collections.abc import Mapping

from cardiolex.reports.clean import STATEMENT_COLUMNS

MIN_WORDS = 4
RECORDS, KEPT = 800_035, 771_693
"""Records of MIMIC-IV-ECG 1.0, and how many of them the filter keeps."""

_NOT_A_NUMBER = (
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
)
_MISSING = frozenset(
    (*_NOT_A_NUMBER, "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "")
)
"""Cells that count as missing in a table read with pandas, as MERL read it."""


def merl_text(row: Mapping[str, str]) -> str:
    """The report of a row of machine_measurements.csv, without its closing full stop.

    Statements joined by ". ", "EKG" written "ECG", outer "*", "=", "-" and blanks cut off, lower
    case, line ends and tabs as blanks.
    """
    cells = [row.get(column) or "" for column in STATEMENT_COLUMNS]
    text = ". ".join(cell for cell in cells if cell not in _MISSING)
    text = text.replace("EKG", "ECG").replace("ekg", "ecg").strip("* =-").lower()
    for mark in "\r\n\t":
        text = text.replace(mark, " ")
    return text


def is_kept(text: str) -> bool:
    """Whether MERL keeps a record with this text: at least four words between blanks."""
    return len(text.split()) >= MIN_WORDS
