"""Findings as text: a table for people, JSON, CSV in long form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cardiolex.cli.rendered import csv_line

if TYPE_CHECKING:
    from cardiolex.findings import Findings


def as_csv(found: Iterable[Findings]) -> Iterator[str]:
    """Long form: a line per recording and condition."""
    yield csv_line("record", "condition", "probability", "decision", "leads")
    for findings in found:
        for row in findings:
            yield csv_line(
                findings.recording.id,
                row.condition,
                f"{row.probability:.6f}",
                "" if row.decision is None else str(int(row.decision)),
                " ".join(findings.leads),
            )


def as_json(found: Iterable[Findings]) -> Iterator[str]:
    """One JSON array, an element per recording."""
    separator = "[\n"
    for findings in found:
        yield separator + json.dumps(findings.to_dict())
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def as_table(found: Iterable[Findings]) -> Iterator[str]:
    """For reading in a terminal, one recording after the other."""
    for findings in found:
        yield table(findings)


def table(findings: Findings) -> str:
    """One recording's findings for reading in a terminal."""
    lines = [f"{findings.recording.id}  ({' '.join(findings.leads)})  {findings.recording.source}"]
    lines += [f"  ! {warning}" for warning in findings.warnings]
    width = max(len(row.condition) for row in findings)
    for row in findings.ranked():
        mark = {True: "yes", False: " no", None: "  ?"}[row.decision]
        unseen = "" if row.seen else "  (not a label in training)"
        bar = "█" * round(row.probability * 20)
        lines.append(
            f"  {mark}  {row.condition:<{width}}  {row.probability:5.3f}  {bar:<20}{unseen}"
        )
    lines += [f"  why {one.condition}: {one.sentence()}" for one in findings.explanations]
    lines += [f"  enough for {name}: {few.sentence()}" for name, few in findings.sufficient.items()]
    return "\n".join(lines) + "\n\n"
