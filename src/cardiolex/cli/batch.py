"""Reading many files for a command: a bad one is reported and the rest is finished."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.recordings.recording import Recording


@dataclass
class Failures:
    """What could not be done, file by file; printed as it happens and listed at the end."""

    reasons: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str | Path, reason: object) -> None:
        """Note one failure on stderr."""
        self.reasons.append((str(path), str(reason)))
        print(f"cardiolex: {reason}", file=sys.stderr)

    def close(self, done: int) -> int:
        """Print the closing list and return the exit status: 1 if anything failed."""
        if not self.reasons:
            return 0
        total = done + len(self.reasons)
        print(f"cardiolex: {len(self.reasons)} of {total} not done:", file=sys.stderr)
        for path, _ in self.reasons:
            print(f"  {path}", file=sys.stderr)
        return 1


def read_each(files: Sequence[Path], failures: Failures) -> Iterator[tuple[Path, Recording]]:
    """Yield every readable recording of `files`, with its path."""
    from cardiolex.recordings.readers import read

    for path in files:
        try:
            yield path, read(path)
        except CardiolexError as error:
            failures.add(path, error)


def find_each(paths: Sequence[Path], failures: Failures) -> list[Path]:
    """List the recording files under `paths`; an unusable path is a failure, not an end."""
    from cardiolex.recordings.readers import find_recordings

    found: list[Path] = []
    for path in paths:
        try:
            found.extend(find_recordings(path))
        except CardiolexError as error:
            failures.add(path, error)
    return list(dict.fromkeys(found))


def chunks(
    items: Iterable[tuple[Path, Recording]], size: int
) -> Iterator[list[tuple[Path, Recording]]]:
    """Group items into lists of at most `size`, so that memory stays flat."""
    chunk: list[tuple[Path, Recording]] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def words(text: str | None) -> list[str] | None:
    """Split "a; b", or read a file with one condition per line (# starts a comment)."""
    if text is None:
        return None
    lines = text.split(";")
    if ";" not in text and Path(text).is_file():
        lines = [line.split("#")[0] for line in Path(text).read_text(encoding="utf-8").splitlines()]
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise CardiolexError(f"--conditions {text!r} holds no condition; write e.g. 'a; b'")
    return found


def lead_names(text: str | None) -> list[str] | None:
    """Split "I,II" into standard lead names; an unknown name is an error that lists them all."""
    if text is None:
        return None
    from cardiolex.recordings.leads import LEADS, standard_name

    names = []
    for part in text.replace(";", ",").split(","):
        name = standard_name(part.strip())
        if name is None:
            raise CardiolexError(f"--leads: {part.strip()!r} is none of {', '.join(LEADS)}")
        names.append(name)
    return sorted(dict.fromkeys(names), key=LEADS.index)
