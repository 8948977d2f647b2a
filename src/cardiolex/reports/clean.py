"""Report text as stored -> clean sentences.

MIMIC-IV-ECG keeps a report as up to 18 statement columns (report_0 ... report_17), PTB-XL as one
text. Electrocardiographs print capitals for emphasis, "***" around criticals, dashes for headings
and breaks inside sentences; none of that carries meaning.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping

STATEMENT_COLUMNS = tuple(f"report_{number}" for number in range(18))

_ORNAMENT = re.compile(r"\*{2,}|-{2,}|={2,}|_{2,}|~{2,}")
_EDGE = " \t\r\n-.,;:|*"
_SENTENCE = re.compile(r"(?<=[a-zäöåß0-9)])\s*(?:;|\.(?!\d))\s+|[\r\n|]+|\s{4,}", re.IGNORECASE)
_SHORTHAND_STOP = re.compile(
    r"\b(unspez|poss|prob|susp|lat|ant|inf|sept|deg|abl|path|ca|bzw|evtl|mgl|pos|neg|v|st|nr)$",
    re.IGNORECASE,
)


def statements(report: str | Mapping[str, object] | Iterable[object] | None) -> list[str]:
    """The raw statements of a record, in order; empty, NaN and missing ones are left out.

    A mapping is read as a row with MIMIC's statement columns, a text as one statement.
    """
    if report is None:
        return []
    if isinstance(report, str):
        cells: Iterable[object] = [report]
    elif isinstance(report, Mapping):
        cells = [report.get(column) for column in STATEMENT_COLUMNS]
    else:
        cells = report
    texts = [str(cell) for cell in cells if not _is_missing(cell)]
    return [text for text in texts if text.strip(_EDGE)]


def _is_missing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def clean(text: str) -> str:
    """One line without ornament: "*** ACUTE MI ***" -> "acute mi"; mixed case is kept.

    Text wholly in capitals is lowered, the names of aVR to V6 apart.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c if c.isprintable() or c in "\t\r\n" else " " for c in text)
    text = " ".join(_ORNAMENT.sub(" ", text).split()).strip(_EDGE)
    if text.count("(") > text.count(")"):
        text += ")"
    return _lower_shouting(text)


def _lower_shouting(text: str) -> str:
    letters = [c for c in text if c.isalpha()]
    capitals = sum(c.isupper() for c in letters)
    if len(letters) < 6 or capitals < 0.8 * len(letters):
        return text
    text = re.sub(r"\bav([rlf])\b", lambda m: "aV" + m[1].upper(), text.lower())
    return re.sub(r"\bv([1-6])\b", r"V\1", text)


def sentences(report: str | Mapping[str, object] | Iterable[object] | None) -> list[str]:
    """Clean sentences of a report, in order, repeats kept once.

    A full stop after a shorthand ("unspez.") or inside a number does not end a sentence.
    """
    found: dict[str, None] = {}
    for statement in statements(report):
        for part in split_sentences(unicodedata.normalize("NFKC", statement)):
            sentence = clean(part)
            if sentence:
                found.setdefault(sentence)
    return list(found)


def split_sentences(text: str) -> list[str]:
    """The parts of `text` between sentence ends, in order, unchanged."""
    parts: list[str] = []
    start = 0
    for match in _SENTENCE.finditer(text):
        stop = match.group().strip().startswith(".")
        if stop and _SHORTHAND_STOP.search(text[start : match.start()]):
            continue
        parts.append(text[start : match.start()])
        start = match.end()
    return [*parts, text[start:]]


def report_text(report: str | Mapping[str, object] | Iterable[object] | None) -> str:
    """The whole report as one text to embed: clean sentences, each closed by a full stop."""
    return " ".join(f"{sentence}." for sentence in sentences(report))
