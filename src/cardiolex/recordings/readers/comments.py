"""Age, sex and diagnoses from the comments of WFDB headers (CinC challenges, LUDB, PTB)."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

OLDEST = 120.0
_UNKNOWN = {"", "unknown", "n/a", "na", "nan", "none", "?"}


@dataclass(frozen=True)
class Person:
    """What a file tells of the person and the diagnosis."""

    age: float | None = None
    sex: str | None = None
    labels: tuple[str, ...] = ()
    report: str | None = None
    notes: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()


def parse_age(text: object) -> tuple[float | None, list[str]]:
    """Return the age in years, and a note where a number is no possible age.

    PTB-XL writes 300 for "above 89"; that is no age and becomes None.
    """
    try:
        age = float(str(text).strip().lower().removesuffix("y"))
    except ValueError:
        return None, []
    if not isfinite(age):
        return None, []
    if 0 <= age <= OLDEST:
        return age, []
    return None, [f"age {age:g} is not possible and was left out"]


def parse_sex(text: object) -> str | None:
    """Return "male", "female" or None from words or initials in any case."""
    return {"m": "male", "male": "male", "f": "female", "female": "female"}.get(
        str(text).strip().lower()
    )


def parse_codes(text: str) -> tuple[str, ...]:
    """Return comma-separated codes, each once, "Unknown" left out."""
    codes = (code.strip() for code in text.split(","))
    return tuple(dict.fromkeys(code for code in codes if code.lower() not in _UNKNOWN))


def parse_comments(comments: Iterable[str]) -> Person:
    """Collect what the comment lines (without "#") say, in any of the known forms."""
    fields: dict[str, str] = {}
    statements: list[str] = []
    section = ""
    for line in comments:
        key, colon, value = (part.strip() for part in line.partition(":"))
        key = key.strip("<>").lower()
        if colon and not value and key in ("diagnoses", "diagnose", "hemodynamics", "therapy"):
            section = key
        elif section == "diagnoses" and line.strip():  # LUDB: free text until the end
            statements.append(line.strip().rstrip("."))
        elif section == "diagnose" and colon and value.lower() not in (*_UNKNOWN, "no"):
            statements.append(_ptb_statement(key, value))  # PTB
        elif colon and key not in fields and not section:
            fields[key] = value
    age, notes = parse_age(fields.get("age", ""))
    statements = [statement for statement in statements if statement]
    return Person(
        age,
        parse_sex(fields.get("sex", "")),
        tuple(dict.fromkeys(statements)) or parse_codes(fields.get("dx", "")),
        ". ".join(statements) or fields.get("report") or None,
        tuple(notes),
        parse_codes(fields.get("derived", "")),
    )


def _ptb_statement(key: str, value: str) -> str:
    if key in ("reason for admission", "additional diagnoses"):
        return value
    return f"{key}: {value}" if key.endswith("(localization)") else ""
