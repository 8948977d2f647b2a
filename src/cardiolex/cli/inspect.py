"""The command that says what is in a file: leads, unit, rate, length, oddities, signal quality."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal

from cardiolex.cli.batch import Failures, find_each, read_each
from cardiolex.cli.measurements import CAUTION, in_a_line, main_measurements
from cardiolex.cli.options import Recordings
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    from cardiolex.recordings.quality import Quality
    from cardiolex.recordings.recording import Recording

WIDTH = 160


def inspect(
    paths: Recordings,
    /,
    *,
    format: Literal["table", "json"] = "table",
    plot: Path | None = None,
) -> int:
    """Say what was understood of each file and what was not, and how good the signal is.

    Rate, PR, QRS, QT and axis are measured automatically; a physician has to check them.

    Parameters
    ----------
    format
        table for people, or one JSON object per line.
    plot
        Folder for one picture per recording.
    """
    from cardiolex.recordings.quality import quality

    failures = Failures()
    files = find_each(paths, failures)
    done = 0
    for _, recording in read_each(files, failures):
        found = quality(recording)
        print(
            json.dumps(_facts(recording, found)) if format == "json" else _table(recording, found)
        )
        if plot is not None:
            _draw(recording, found.warnings, plot / f"{recording.id}.png")
        done += 1
    if not done and not failures.reasons:
        raise CardiolexError(f"no recording found in {', '.join(map(str, paths))}")
    return failures.close(done)


def _draw(recording: Recording, warnings: Sequence[str], path: Path) -> None:
    from cardiolex.plots.ecg_paper import ecg_paper, save

    save(ecg_paper(recording, findings=list(warnings) or None), path)


def _facts(recording: Recording, found: Quality) -> dict[str, Any]:
    return {
        "record": recording.id,
        "source": recording.source,
        "leads": list(recording.leads),
        "other_channels": sorted(recording.other),
        "fs_hz": recording.fs,
        "duration_s": round(recording.duration, 3),
        "unit_known": recording.unit_known,
        "age": recording.age,
        "sex": recording.sex,
        "patient": recording.patient,
        "labels": list(recording.labels),
        "report": recording.report,
        "derived_leads": [lead for lead in recording.leads if lead in recording.derived],
        "details": dict(recording.details),
        "not_read": list(recording.unread),
        "notes": list(recording.notes),
        "lead_flags": {
            lead: sorted(flags) for lead, flags in found.leads.items() if flags - {"missing"}
        },
        "measurements": main_measurements(recording) | {"note": CAUTION},
        "warnings": list(found.warnings),
    }


def _table(recording: Recording, found: Quality) -> str:
    import numpy as np

    person = [f"{int(recording.age)} years"] if recording.age is not None else []
    person += [recording.sex] if recording.sex else []
    unit = "mV" if recording.unit_known else "unit unknown, as in the file"
    lines = [
        f"{recording.id}  {recording.source}",
        f"  {recording.fs:g} Hz, {recording.duration:g} s, {unit}"
        + (f"; {', '.join(person)}" if person else ""),
    ]
    if recording.labels:
        lines.append(f"  labels in the file: {', '.join(recording.labels)}")
    if recording.report:
        lines.append(f"  report in the file: {shorten(recording.report, WIDTH, placeholder=' …')}")
    for name, value in recording.details.items():
        lines.append(f"  {name}: {shorten(value, WIDTH, placeholder=' …')}")
    if recording.other:
        lines.append(f"  other channels, kept aside: {', '.join(sorted(recording.other))}")
    for lead, row in zip(recording.leads, recording.mv, strict=True):
        low, high = np.nanmin(row), np.nanmax(row)
        flags = ", ".join(sorted(found.leads[lead])) or "good"
        derived = " (derived)" if lead in recording.derived else ""
        lines.append(f"  {lead + derived:<6}{low:8.2f} … {high:5.2f}  {flags}")
    lines.append(f"  measured: {in_a_line(main_measurements(recording))}")
    lines += [f"  note: {note}" for note in recording.notes]
    lines += [f"  not read: {what}" for what in recording.unread]
    lines += [f"  ! {warning}" for warning in found.warnings]
    return "\n".join(lines) + "\n"
