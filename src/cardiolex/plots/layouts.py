"""Which lead is drawn where: the printed formats of electrocardiographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS

LAYOUTS = ("auto", "3x4+rhythm", "3x4", "6x2", "12x1", "rows")
PRECORDIAL = LEADS[6:]
_RHYTHM_CHOICES = ("II", "V1", "V5", "I")
_SIMULTANEOUS_BELOW_S = 5.0


@dataclass(frozen=True)
class Cell:
    """One lead's piece of trace: its row and where on the time axis of the page it lies.

    `start_s` and `seconds` are times of the recording, counted from the first second shown;
    `offset_s` is where the piece begins on the page.
    """

    lead: str
    row: int
    start_s: float
    seconds: float
    offset_s: float


@dataclass(frozen=True)
class Layout:
    """Cells, the number of rows, the page's length in seconds, the usual row height in mm."""

    name: str
    cells: tuple[Cell, ...]
    rows: int
    seconds: float
    row_mm: float
    simultaneous: bool = False


def arrange(
    name: str, present: Sequence[str], seconds: float, rhythm_lead: str | None = "II"
) -> Layout:
    """Lay out `seconds` of a recording whose leads are `present`.

    "3x4+rhythm", "3x4", "6x2" and "12x1" give all twelve leads their place, recorded or not;
    "rows" gives one full row to each recorded lead; "auto" takes "3x4+rhythm" when there are more
    than six leads, else "rows". Columns follow each other in time, so that all stand above the
    rhythm strip; below 5 s they all begin at the first second shown.
    """
    if name not in LAYOUTS:
        raise CardiolexError(f"layout {name!r} is unknown; choose from {', '.join(LAYOUTS)}")
    if name == "auto":
        name = "3x4+rhythm" if len(present) > 6 else "rows"
    if name == "rows":
        row_mm = 30.0 if len(present) <= 4 else 25.0
        return _columns(name, [[lead] for lead in present], seconds, row_mm)
    if name == "12x1":
        return _columns(name, [[lead] for lead in LEADS], seconds, 15.0)
    if name == "6x2":
        return _columns(name, [[LEADS[i], LEADS[6 + i]] for i in range(6)], seconds, 20.0)
    standard = [[LEADS[row + 3 * column] for column in range(4)] for row in range(3)]
    rhythm = _rhythm_lead(rhythm_lead, present) if name == "3x4+rhythm" else None
    return _columns(name, standard, seconds, 25.0, rhythm)


def _rhythm_lead(wanted: str | None, present: Sequence[str]) -> str | None:
    if wanted is not None and wanted not in LEADS:
        raise CardiolexError(f"rhythm lead {wanted!r} is no standard lead; use {', '.join(LEADS)}")
    if wanted is None or wanted in present:
        return wanted
    return next((lead for lead in (*_RHYTHM_CHOICES, *present) if lead in present), None)


def _columns(
    name: str, rows: list[list[str]], seconds: float, row_mm: float, rhythm: str | None = None
) -> Layout:
    count = len(rows[0]) if rows else 1
    simultaneous = count > 1 and seconds < _SIMULTANEOUS_BELOW_S
    piece = min(seconds, 2.5) if simultaneous else seconds / count
    cells = [
        Cell(lead, row, 0.0 if simultaneous else column * piece, piece, column * piece)
        for row, leads in enumerate(rows)
        for column, lead in enumerate(leads)
    ]
    if rhythm is not None:
        cells.append(Cell(rhythm, len(rows), 0.0, seconds, 0.0))
    height = len(rows) + (rhythm is not None)
    return Layout(name, tuple(cells), height, piece * count, row_mm, simultaneous)
