"""Results as text, one after the other: to the screen as they come, or to a file at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from cardiolex.files import atomic_write

Result = TypeVar("Result")


def write_rendered(
    found: Iterable[Result],
    render: Callable[[Iterable[Result]], Iterable[str]],
    output: Path | None,
) -> int:
    """Print what `render` makes of `found`, or write it to `output`; returns their number."""
    done = 0

    def counted() -> Iterator[Result]:
        nonlocal done
        for one in found:
            done += 1
            yield one

    if output is None:
        for text in render(counted()):
            print(text, end="")
    else:
        with atomic_write(output) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(render(counted()))
    return done


def csv_line(*fields: str) -> str:
    """One line of CSV, quoted where it must be."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()
