"""Many short ECG strips with captions on one sheet of millimetre paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.plots.paper import Sheet, theme_named
from cardiolex.plots.traces import REACH_MM, cut, stretch
from cardiolex.recordings.recording import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARGIN_MM = 6.0
_CAPTION_MM = 7.0
_GAP_MM = 5.0


def gallery(
    strips: Sequence[tuple[Recording, str]],
    *,
    leads: Sequence[str] = ("II", "V1"),
    seconds: float = 4.0,
    start_s: float = 0.0,
    columns: int = 3,
    row_mm: float = 25.0,
    theme: str = "paper",
) -> Figure:
    """Draw `strips`, pairs of recording and caption, in a grid `columns` wide.

    Each strip shows `leads`, one under the other, for `seconds` at 25 mm/s and 10 mm/mV; a lead
    that a recording lacks is named "not recorded".
    """
    if not strips or not leads:
        raise CardiolexError("a gallery needs at least one recording and one lead")
    width = 5.0 * float(np.ceil(seconds * 25.0 / 5.0))
    height = row_mm * len(leads)
    rows = -(-len(strips) // columns)
    across, down = width + _GAP_MM, height + _CAPTION_MM + _GAP_MM
    page_width = min(columns, len(strips)) * across - _GAP_MM + 2 * _MARGIN_MM
    sheet = Sheet(page_width, rows * down + _MARGIN_MM + 2.0, theme_named(theme))
    for number, (recording, caption) in enumerate(strips):
        row, column = divmod(number, columns)
        x = _MARGIN_MM + column * across
        y = sheet.height - _MARGIN_MM - row * down - _CAPTION_MM - height
        sheet.grid(x, y, width, height)
        sheet.text(x, y + height + 1.8, caption, 9.0, weight="bold")
        _strip(sheet, recording, leads, (x, y), row_mm, (start_s, seconds))
    sheet.text(_MARGIN_MM, 3.0, "25 mm/s    10 mm/mV", 7.5)
    return sheet.figure


def _strip(
    sheet: Sheet,
    recording: Recording,
    leads: Sequence[str],
    corner: tuple[float, float],
    row_mm: float,
    span_s: tuple[float, float],
) -> None:
    shown = stretch(recording, *span_s)
    for number, lead in enumerate(leads):
        base = corner[1] + row_mm * (len(leads) - number - 0.5)
        sheet.text(corner[0] + 1.0, base + row_mm / 2 - 4.0, lead, 7.5, weight="bold")
        if lead not in shown.mv:
            sheet.text(corner[0] + 1.0, base, "not recorded", 7.0, color=sheet.theme.faint)
            continue
        mm = cut(shown.mv[lead] * 10.0, min(row_mm, REACH_MM))[0]
        x = corner[0] + np.arange(len(mm)) / shown.fs * 25.0
        sheet.pen(x, base + mm, f"strip-{lead}", 0.24)
