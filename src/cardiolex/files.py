"""Writing files so that a kill at any moment leaves the old file or the new one, never half."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; on success it is renamed to `path`.

    The temporary name keeps the suffix of `path`, since some writers choose a format by it.
    On an exception the temporary file is removed and `path` stays as it was. A link is followed;
    a pipe or device is written to directly, never replaced. OSError if `path` cannot be a file.
    """
    given = Path(path)
    if given.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file to write", str(path))
    if given.exists() and not given.is_file():
        yield given
        return
    target = given.resolve()
    make_folder(target.parent)
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent
        )
    except OSError as error:  # it names a file that nobody asked for
        raise type(error)(error.errno, error.strerror, str(path)) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def atomic_folder(path: str | Path, *, mark: str | None = None) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`; on success it takes the place of `path`.

    A folder that was at `path` is kept until the new one is complete, then removed. With `mark`
    that happens only to a folder that is empty or holds a file of this name; any other is somebody
    else's, and an OSError.
    """
    check_replaceable(path, mark)
    target = Path(path).resolve()
    make_folder(target.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    temporary.chmod(0o755)
    former = temporary.with_name(temporary.name + ".former")
    try:
        yield temporary
        if target.exists():
            target.replace(former)
        try:
            temporary.replace(target)
        except OSError:
            if former.exists():
                former.replace(target)
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def check_replaceable(path: str | Path, mark: str | None = None) -> None:
    """OSError where `atomic_folder` would refuse `path`: worth asking before long work."""
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is a file; name a folder to write", str(path))
    if mark and target.exists() and not (target / mark).exists() and any(target.iterdir()):
        raise FileExistsError(
            errno.EEXIST, f"holds other files (no {mark}); name an empty or new folder", str(path)
        )


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it; NotADirectoryError naming the file that is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(
            errno.ENOTDIR, "is a file where a folder is needed", error.filename
        ) from error
