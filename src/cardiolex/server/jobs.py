"""What the front asks of a worker, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Task = Literal["interpret", "inspect", "embed", "search", "explain", "leads"]
Reply = dict[str, Any]
"""{"answer": …}, or {"problem": {"status": …, "detail": …}}."""

TOGETHER: frozenset[Task] = frozenset({"interpret", "embed"})
"""Tasks that are answered several at a time."""


@dataclass(frozen=True)
class Signal:
    """A recording as numbers: channel name to samples (None = missing), in `unit`, at `fs` Hz."""

    channels: Mapping[str, Sequence[float | None]]
    fs: float
    unit: str = "mV"
    id: str = ""


@dataclass(frozen=True)
class Source:
    """Where a recording comes from: uploaded files (name, content), numbers, or a bundled sample.

    `fs`, `unit` and `channels` (names, in the order of the file) state what a file does not say;
    `index` chooses from a file of many exams.
    """

    files: tuple[tuple[str, bytes], ...] = ()
    signal: Signal | None = None
    sample: str | None = None
    fs: float | None = None
    unit: str | None = None
    index: int | None = None
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Job:
    """One request for a worker."""

    task: Task
    source: Source | None = None
    conditions: tuple[str, ...] | None = None
    leads: tuple[str, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Desk(Protocol):
    """What sits in a worker and answers."""

    def about(self) -> dict[str, Any]:
        """What the front has to know: plain data."""
        ...

    def answer(self, jobs: Sequence[Job]) -> list[Reply]:
        """A reply to each job; never raises for what a job contains."""
        ...


def problem(status: int, detail: str) -> Reply:
    """A reply that says what was wrong."""
    return {"problem": {"status": status, "detail": detail}}
