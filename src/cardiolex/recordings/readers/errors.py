"""What readers refuse, and the bounds that files from strangers are held to."""

from pathlib import Path

from cardiolex.errors import CardiolexError

MOST_BYTES = 2 << 30
"""Largest file that is opened."""
MOST_VALUES = MOST_BYTES // 4
"""Largest leads x samples: a day of twelve leads at 500 Hz."""
MOST_CHANNELS = 1024
MOST_TEXT = 1 << 20
"""Largest header or sidecar."""


class ReadError(CardiolexError):
    """A file that cannot be read as an ECG; the message names the file, the cause, the remedy."""

    def __init__(self, path: str | Path, cause: str, remedy: str = "") -> None:
        super().__init__(f"{path}: {cause}" + (f"; {remedy}" if remedy else ""))
        self.path = Path(path)
        self.cause = cause


def bounded_size(path: Path, most: int = MOST_BYTES) -> int:
    """Return the size of `path` in bytes; ReadError if it is empty, too large or no file."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReadError(path, f"cannot be opened ({error.strerror})") from error
    if not path.is_file():
        raise ReadError(path, "is no file")
    if not size:
        raise ReadError(path, "the file is empty")
    if size > most:
        raise ReadError(path, f"is {size / 2**20:.0f} MiB, more than the {most >> 20} MiB allowed")
    return size


def bounded_shape(path: Path, channels: int, samples: int) -> None:
    """Refuse shapes beyond the bounds, or without a channel or a sample."""
    if channels < 1:
        raise ReadError(path, "states 0 channels", "there is no signal to read")
    if samples < 1:
        raise ReadError(path, "states 0 samples", "there is no signal to read")
    if channels > MOST_CHANNELS or channels * samples > MOST_VALUES:
        raise ReadError(path, f"states {channels} channels of {samples} samples, beyond the bounds")


def read_text(path: Path) -> str:
    """Return the text of a small file: UTF-8, or Latin-1 where it is not UTF-8."""
    bounded_size(path, MOST_TEXT)
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def inside_folder(folder: Path, name: str, named_by: Path) -> Path:
    """Return folder / name, which must be a plain file name that stays in the folder.

    Refuses absolute paths, "..", sub-folders and symbolic links that lead elsewhere.
    """
    if not name or name in (".", "..") or any(mark in name for mark in "/\\:\0"):
        raise ReadError(named_by, f"names the file {name!r}", "files must lie in its own folder")
    target = folder / name
    if target.is_symlink() and target.resolve().parent != folder.resolve():
        raise ReadError(
            named_by, f"names {name!r}, a link out of its folder", "copy the file there"
        )
    return target
