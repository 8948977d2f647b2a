"""Explanations beside findings: computed, drawn, put into words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cardiolex.findings import Findings
    from cardiolex.interpreter import Interpreter

Method = Literal["attention", "gradient", "input", "occlusion"]


def explain_each(
    interpreter: Interpreter,
    found: Iterator[Findings],
    conditions: Sequence[str],
    method: Method | None,
    plot: Path | None,
) -> Iterator[Findings]:
    """Findings with an explanation of each of `conditions`, drawn into the folder `plot` if any."""
    interpreter.questions(conditions)  # a bad question fails before any file is read
    for findings in found:
        recording = findings.recording
        explained = tuple(interpreter.explain(recording, c, method=method) for c in conditions)
        for one in explained if plot is not None else ():
            assert plot is not None
            one.plot(recording, plot / f"{recording.id}.{_file_name(one.condition)}.png")
        yield replace(findings, explanations=explained)


def few_leads_each(
    interpreter: Interpreter, found: Iterator[Findings], conditions: Sequence[str]
) -> Iterator[Findings]:
    """Findings with the smallest subset of leads that suffices for each of `conditions`."""
    interpreter.questions(conditions)
    for findings in found:
        few = {one: interpreter.sufficient_leads(findings.recording, one) for one in conditions}
        yield replace(findings, sufficient=few)


def _file_name(condition: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", condition.lower()).strip("-")[:60] or "condition"
