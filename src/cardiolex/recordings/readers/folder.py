"""The recordings in a folder, without the files that belong to them."""

import os
from collections.abc import Iterator
from pathlib import Path

from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.readers.formats import find_format
from cardiolex.recordings.readers.wfdb_header import Header, parse_header

_OTHER = {".json", ".txt", ".md", ".html", ".pdf", ".png", ".jpg", ".py", ".gz", ".zip"}
_OTHER |= {".atr", ".ann", ".qrs", ".xws", ".sha256", ".yaml", ".yml", ".toml", ".parquet"}


def find_recordings(path: str | Path) -> list[Path]:
    """Return the recordings at `path`: itself if it is a file, else those in it, sorted.

    Sub-folders are entered; hidden files and folders, links to folders, signal files and segments
    named by a header, annotations, sidecars and tables without lead columns are skipped. Damaged
    headers stay in the list, so that reading reports them. ReadError if there is none.
    """
    root = Path(path)
    if not root.is_dir():
        if not root.exists() and not root.with_name(root.name + ".hea").is_file():
            raise ReadError(root, "no such file or folder")
        return [root]
    found = [file for folder, names in _folders(root) for file in _recordings(folder, names)]
    if not found:
        raise ReadError(root, "the folder holds no recording")
    return found


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(folder), sorted(name for name in names if not name.startswith("."))


def _recordings(folder: Path, names: list[str]) -> Iterator[Path]:
    headers = {name: _header(folder / name) for name in names if name.endswith(".hea")}
    owned: set[str] = set()
    for header in headers.values():
        if header is not None:
            owned |= {signal.file for signal in header.signals}
            owned |= {f"{segment}.hea" for segment, _ in header.segments}
    for name in names:
        if name in headers:
            if name not in owned:
                yield folder / name
        elif name not in owned and _is_recording(folder / name):
            yield folder / name


def _header(path: Path) -> Header | None:
    try:
        return parse_header(path)
    except ReadError:
        return None


def _is_recording(path: Path) -> bool:
    if path.suffix.lower() in _OTHER or path.name == "DICOMDIR":
        return False
    try:
        return bool(find_format(path))
    except ReadError:
        return False
