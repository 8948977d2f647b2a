"""Channels whose file names no standard lead: the caller or a sidecar says which they are."""

from collections.abc import Sequence
from pathlib import Path

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.readers.stated import Stated, read_sidecar


def named_channels(path: Path, names: Sequence[str], facts: Stated) -> list[str]:
    """Return the names of the channels, in the order of the file.

    What the caller states goes first. Where the file itself names a lead, its names stand; else
    those of the sidecar. ReadError if no channel is a standard lead then.
    """
    given = facts.leads
    if given is None and not any(standard_name(name) for name in names):
        given = read_sidecar(path).leads
        if given is None:
            raise ReadError(
                path,
                f"names no standard lead (channels: {', '.join(map(repr, names))})",
                f'pass leads=, or write {{"leads": ["II", …]}} to {path.stem}.json beside it',
            )
    if given is None:
        return list(names)
    if len(given) != len(names):
        raise ReadError(path, f"holds {len(names)} channels, but {len(given)} leads are stated")
    return list(given)
