"""Reading many files for a command: a bad one is reported and the rest is finished."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cardiolex.cli.call_error import CallError
from cardiolex.cli.record_names import RecordNames
from cardiolex.errors import CardiolexError
from cardiolex.recordings.recording import Recording


@dataclass
class Failures:
    """What could not be done, file by file; printed as it happens and listed at the end."""

    reasons: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str | Path, reason: object) -> None:
        """Note one failure on stderr."""
        self.reasons.append((str(path), str(reason)))
        where = "" if str(path) in str(reason) else f"{path}: "
        print(f"cardiolex: {where}{reason}", file=sys.stderr)

    def close(self, done: int) -> int:
        """Print the closing list and return the exit status: 1 if anything failed.

        One file alone needs no list: what was said of it stands just above.
        """
        if not self.reasons:
            return 0
        total = done + len(self.reasons)
        if total == 1:
            return 1
        print(f"cardiolex: {len(self.reasons)} of {total} not done:", file=sys.stderr)
        for path, _ in self.reasons:
            print(f"  {path}", file=sys.stderr)
        return 1


def read_each(files: Sequence[Path], failures: Failures) -> Iterator[tuple[Path, Recording]]:
    """Yield every readable recording of `files`, with its path; no two have the same id."""
    from cardiolex.recordings.readers import read_all

    names = RecordNames(files)
    for path, item in read_all(files):
        if isinstance(item, Recording):
            yield path, replace(item, id=names.name(path, item.id))
        else:
            failures.add(path, item)


def find_each(paths: Sequence[Path], failures: Failures) -> list[Path]:
    """List the recording files under `paths`, each record once (rec.hea and rec.dat are one).

    An unusable path is a failure, not an end.
    """
    from cardiolex.recordings.readers import find_recordings
    from cardiolex.recordings.readers.formats import header_of

    found: list[Path] = []
    for path in paths:
        try:
            found.extend(find_recordings(path))
        except CardiolexError as error:
            failures.add(path, error)
    headers = [header_of(path) or path for path in found]
    return list({header.resolve(): header for header in headers}.values())


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


def words(text: str | None, option: str = "--conditions") -> list[str] | None:
    """Split "a; b", or read a file with one entry per line (# starts a comment)."""
    if text is None:
        return None
    lines = text.split(";")
    if ";" not in text and len(text) < 256 and Path(text).is_file():
        lines = [line.split("#")[0] for line in Path(text).read_text(encoding="utf-8").splitlines()]
    elif ";" not in text and Path(text).suffix.lower() in (".txt", ".csv", ".tsv", ".md"):
        raise CallError(f"{option} {text}: no such file")
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        what = option.strip("-").removesuffix("s")
        raise CallError(f"{option} {text!r} holds no {what}; write e.g. 'a; b'")
    return found


def lead_names(text: str | None, option: str = "--leads") -> list[str] | None:
    """Turn "I,II" into standard lead names in order; an unknown one is an error that lists all."""
    if text is None:
        return None
    from cardiolex.recordings.leads import LEADS, in_order, split_leads, standard_name

    names = split_leads(text)
    for name in names:
        if standard_name(name) is None:
            raise CallError(f"{option}: {name!r} is none of {', '.join(LEADS)}")
    return list(in_order(names))
