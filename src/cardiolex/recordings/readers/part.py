"""The part of a long recording that is wanted."""

from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers.errors import ReadError


@dataclass(frozen=True)
class Part:
    """From `start_s` on, `seconds` long; None = to the end."""

    start_s: float = 0.0
    seconds: float | None = None

    @property
    def whole(self) -> bool:
        """Whether everything is wanted."""
        return self.start_s == 0 and self.seconds is None

    def samples(self, path: Path, fs: float, total: int) -> tuple[int, int]:
        """Return the first sample and the one after the last; ReadError if there is none."""
        first = round(self.start_s * fs)
        last = (
            total if self.seconds is None else min(total, ceil(round(self.seconds * fs, 6)) + first)
        )
        if first >= last:
            raise ReadError(
                path, f"lasts {total / fs:g} s: nothing from {self.start_s:g} s on", "start earlier"
            )
        return first, last


def part(start_s: float | None, seconds: float | None) -> Part:
    """Return the part that a caller asked for, checked."""
    start = 0.0 if start_s is None else float(start_s)
    if not (isfinite(start) and start >= 0):
        raise CardiolexError(f"start_s must be 0 or more seconds, not {start_s}")
    if seconds is not None and not (isfinite(seconds) and seconds > 0):
        raise CardiolexError(f"seconds must be above 0, not {seconds}")
    return Part(start, seconds)
