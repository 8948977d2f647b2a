"""Reading the tables of public data sets: columns by name, errors with file, line and value."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers.comments import parse_age, parse_sex


def rows_of(
    path: Path, required: Sequence[str], about: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a CSV that must have the columns `required`.

    CardiolexError if the file is not there (`about` says of which data set), lacks a column or has
    a row of another length, as a file cut off in the middle does.
    """
    try:
        file = path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise CardiolexError(
            f"{path}: {error.strerror or error}; it belongs to {about}. Name the folder as "
            "downloaded, or fetch it with `cardiolex download`"
        ) from error
    with file:
        try:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            if lacking := [name for name in required if name not in columns]:
                raise CardiolexError(
                    f"{path}: has no column {', '.join(map(repr, lacking))}, but "
                    f"{', '.join(columns[:6]) or 'nothing'} …; is it {about}, unchanged?"
                )
            for row in reader:
                if None in row or None in row.values():
                    raise CardiolexError(
                        f"{path}, line {reader.line_num}: not {len(columns)} values; is the "
                        "download cut off? Fetch it again"
                    )
                yield reader.line_num, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise CardiolexError(f"{path}: cannot be read as CSV: {error}") from error


def age_of(text: str) -> float | None:
    """Age in years, None where it is no possible one (PTB-XL writes 300 above 89)."""
    return parse_age(text)[0]


def sex_of(text: str, numbers: dict[str, str] | None = None) -> str | None:
    """Sex from words, initials or the `numbers` of a data set."""
    if numbers is None:
        return parse_sex(text)
    return numbers.get(text.strip().removesuffix(".0"))


def flag(path: Path, line: int, column: str, text: str) -> bool | None:
    """A yes or no in any spelling, None for blank; CardiolexError for anything else."""
    value = text.strip().lower()
    if value in ("true", "1", "1.0"):
        return True
    if value in ("false", "0", "0.0"):
        return False
    if not value or value == "nan":
        return None
    raise CardiolexError(f"{path}, line {line}: {column} is {text!r}, not true or false")


def find_table(root: Path, name: str, about: str) -> Path:
    """The table `name` in `root` or its parent (a sub-folder was named); CardiolexError if none."""
    for folder in (root, root.parent):
        if (folder / name).is_file():
            return folder / name
    raise CardiolexError(
        f"{root}: has no {name}, so it is not the folder of {about}; name the folder as "
        "downloaded, or fetch it with `cardiolex download`"
    )
