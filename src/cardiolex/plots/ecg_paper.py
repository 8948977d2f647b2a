"""A recording on ECG paper, true to scale.

Printed at 100 % the picture follows the convention of electrocardiographs (Kligfield et al.,
"Recommendations for the standardization and interpretation of the electrocardiogram, part I",
Circulation 2007;115:1306-1324): 25 mm per second, 10 mm per millivolt, 1 mm grid with every fifth
line bold, a calibration pulse of 1 mV and 200 ms before each row, time-aligned columns.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.plots.evidence import Evidence
from cardiolex.plots.layouts import Cell, Layout, arrange
from cardiolex.plots.paper import Sheet, save, theme_named
from cardiolex.plots.traces import (
    REACH_MM,
    Stretch,
    base_lines,
    chosen_gain,
    cut,
    is_cut,
    piece_of,
    row_extents,
    stretch,
)
from cardiolex.recordings.recording import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ecg_paper", "save"]

MARGIN_MM = 7.0
PULSE_MM = 10.0  # room for the calibration pulse at the left of each row
_LINE_MM = 4.6
_FOOTER_MM = 9.0
_MIN_WIDTH_MM = 130.0
_CHARS_PER_MM = 0.58


@dataclass(frozen=True)
class _Frame:
    """Where the paper lies on the page and how signals are scaled onto it."""

    x0: float  # mm, where the first second shown begins
    y0: float  # mm, lower edge of the paper
    width: float
    height: float
    speed: float  # mm/s
    gain: float  # mm/mV


def ecg_paper(
    recording: Recording,
    *,
    layout: str = "auto",
    rhythm_lead: str | None = "II",
    start_s: float = 0.0,
    seconds: float = 10.0,
    speed_mm_s: float = 25.0,
    gain_mm_mv: float = 10.0,
    auto_gain: bool = True,
    title: str | None = None,
    findings: str | Sequence[str] | None = None,
    filters: str = "filter: none",
    theme: str = "paper",
    evidence: Evidence | None = None,
) -> Figure:
    """Draw `recording` on millimetre paper; `save` writes the figure as PNG, PDF or SVG.

    `layout` is one of `layouts.LAYOUTS`. At most `seconds` from `start_s` on are shown; the foot
    line says which. A lead that was not recorded keeps its place with the words "not recorded";
    derived leads are marked; gaps (NaN) stay gaps. Each lead's median lies on its base line. When
    a lead would reach beyond 30 mm the gain is halved (`auto_gain`) and this is said; what
    still reaches farther is cut and marked with triangles. `title` replaces the line made
    of id, age and sex; `findings` is printed below it. `evidence` is laid under the traces, its
    caption below the findings. Raises CardiolexError for unknown options.
    """
    if not speed_mm_s > 0:
        raise CardiolexError(f"speed_mm_s = {speed_mm_s:g}: give millimetres per second, > 0")
    shown = stretch(recording, start_s, seconds)
    plan = arrange(layout, recording.leads, shown.seconds, rhythm_lead)
    gain = chosen_gain(shown, gain_mm_mv, auto_gain)
    lines, height = base_lines(*row_extents(plan, shown, gain), plan.row_mm)
    width = max(_up(PULSE_MM + plan.seconds * speed_mm_s + 2.0), _MIN_WIDTH_MM)
    header = _header_lines(recording, title, findings, width)
    if evidence is not None:
        header += textwrap.wrap(evidence.caption, int(width * _CHARS_PER_MM))
    top = len(header) * _LINE_MM + 3.0
    sheet = Sheet(width + 2 * MARGIN_MM, height + _FOOTER_MM + top + MARGIN_MM, theme_named(theme))
    sheet.grid(MARGIN_MM, _FOOTER_MM, width, height)
    frame = _Frame(MARGIN_MM + PULSE_MM, _FOOTER_MM, width, height, speed_mm_s, gain)
    _draw_rows(sheet, frame, plan, shown, recording, lines)
    if evidence is not None:
        _draw_evidence(sheet, frame, plan, shown, evidence, lines)
    _write_header(sheet, header)
    _write_foot(sheet, frame, _foot(recording, shown, plan, frame, gain_mm_mv, filters))
    return sheet.figure


def _up(mm: float) -> float:
    return 5.0 * float(np.ceil(mm / 5.0))


def _draw_rows(
    sheet: Sheet,
    frame: _Frame,
    plan: Layout,
    shown: Stretch,
    recording: Recording,
    lines: Sequence[float] | np.ndarray,
) -> None:
    for row in range(plan.rows):
        _calibration_pulse(sheet, frame, frame.y0 + lines[row], row)
    for cell in plan.cells:
        base = frame.y0 + lines[cell.row]
        _draw_cell(sheet, frame, cell, shown, base)
        _label(sheet, frame, cell, recording, base)


def _draw_evidence(
    sheet: Sheet,
    frame: _Frame,
    plan: Layout,
    shown: Stretch,
    evidence: Evidence,
    lines: Sequence[float] | np.ndarray,
) -> None:
    for cell in plan.cells:
        if cell.lead in shown.mv:
            start = shown.start_s + cell.start_s
            x, base = frame.x0 + cell.offset_s * frame.speed, frame.y0 + lines[cell.row]
            evidence.draw(sheet, cell.lead, start, cell.seconds, x, base, frame.speed)


def _calibration_pulse(sheet: Sheet, frame: _Frame, base: float, row: int) -> None:
    """1 mV for 200 ms, ending 2 mm before the trace."""
    wide, tall = 0.2 * frame.speed, frame.gain
    right = frame.x0 - 2.0
    foot = max(right - wide - 1.5, MARGIN_MM + 0.3)
    x = np.array([foot, right - wide, right - wide, right, right, right + 1.0])
    y = base + np.array([0.0, 0.0, tall, tall, 0.0, 0.0])
    sheet.pen(x, y, f"pulse-{row}")


def _draw_cell(sheet: Sheet, frame: _Frame, cell: Cell, shown: Stretch, base: float) -> None:
    left = frame.x0 + cell.offset_s * frame.speed
    if cell.offset_s > 0:
        ticks = np.array([-4.0, -2.0, np.nan, 2.0, 4.0])
        sheet.pen(np.full(5, left), base + ticks, f"separator-{cell.row}-{cell.lead}", 0.2)
    times, mv = piece_of(cell, shown)
    if not np.isfinite(mv).any():
        return
    x = frame.x0 + times * frame.speed
    kept, high, low = cut(mv * frame.gain)
    sheet.pen(x, base + kept, f"trace-{cell.row}-{cell.lead}")
    sheet.marks(x[high], np.full(len(high), base + REACH_MM - 1.0), "^")
    sheet.marks(x[low], np.full(len(low), base - REACH_MM + 1.0), "v")


def _label(sheet: Sheet, frame: _Frame, cell: Cell, recording: Recording, base: float) -> None:
    x = frame.x0 + cell.offset_s * frame.speed + 1.0
    label = f"{cell.lead} (derived)" if cell.lead in recording.derived else cell.lead
    sheet.text(x, base + 6.5, label, weight="bold")
    if cell.lead not in recording.leads:
        sheet.text(x, base + 1.5, "not recorded", 7.5, style="italic", color=sheet.theme.faint)
    elif not np.isfinite(recording.mv[recording.leads.index(cell.lead)]).any():
        sheet.text(x, base + 1.5, "no samples", 7.5, style="italic", color=sheet.theme.faint)


def _header_lines(
    recording: Recording, title: str | None, findings: str | Sequence[str] | None, width: float
) -> list[str]:
    """The patient line, then the findings wrapped to the page."""
    first = title if title is not None else _patient_line(recording)
    lines = textwrap.wrap(first, int(width * _CHARS_PER_MM * 0.85)) or [""]
    texts = [findings] if isinstance(findings, str) else list(findings or ())
    for text in texts:
        for line in text.splitlines():
            lines += textwrap.wrap(line, int(width * _CHARS_PER_MM)) or [""]
    return lines


def _patient_line(recording: Recording) -> str:
    parts = [recording.id or "ECG"]
    if recording.patient and recording.patient != recording.id:
        parts.append(f"patient {recording.patient}")
    if recording.age is not None and np.isfinite(recording.age):
        parts.append(f"{int(recording.age)} years")  # whole years, completed
    if recording.sex:
        parts.append(recording.sex)
    return "   ".join(parts)


def _write_header(sheet: Sheet, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines):
        y = sheet.height - MARGIN_MM + 1.5 - (number + 0.6) * _LINE_MM
        weight = "bold" if number == 0 else "normal"
        sheet.text(MARGIN_MM, y, line, 10.0 if number == 0 else 8.5, weight=weight)


def _foot(
    recording: Recording,
    shown: Stretch,
    plan: Layout,
    frame: _Frame,
    wanted_gain: float,
    filters: str,
) -> str:
    """What a reader must know of the picture: scale, sampling, time shown, oddities."""
    duration = recording.mv.shape[1] / recording.fs
    gain = f"{frame.gain:g} mm/mV" + (" (half gain)" if frame.gain != wanted_gain else "")
    if not recording.unit_known:
        gain += " (unit of the file unknown)"
    end = shown.start_s + shown.seconds
    parts = [f"{frame.speed:g} mm/s", gain, f"{recording.fs:g} Hz", filters]
    parts.append(f"{shown.start_s:.1f}-{end:.1f} s of {duration:.1f} s")
    if plan.simultaneous:
        parts.append("columns begin together")
    if is_cut(plan, shown, frame.gain):
        parts.append(f"▲▼ cut beyond ±{REACH_MM / frame.gain:g} mV")
    moved = [lead for lead, offset in shown.offsets_mv.items() if abs(offset) > 1.0]
    if moved:
        parts.append(f"offset > 1 mV taken off: {', '.join(moved)}")
    return "    ".join(parts)


def _write_foot(sheet: Sheet, frame: _Frame, foot: str) -> None:
    room = int(frame.width * _CHARS_PER_MM * 1.12)
    for number, line in enumerate(textwrap.wrap(foot, room)[:2]):
        sheet.text(MARGIN_MM, _FOOTER_MM - 4.0 - number * 3.3, line, 7.5)
