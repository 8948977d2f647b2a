"""ZIP archives of strangers: the files of one recording, taken out under bounds."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from cardiolex.errors import CardiolexError
from cardiolex.server.limits import Limits

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)
"""RuntimeError: packed in a way that is not supported."""


def unpack(path: Path, write: Callable[[str, bytes], None], limits: Limits) -> bool:
    """Hand the files of an archive to `write`, by name without folders.

    Returns False if `path` is no archive, or one of arrays (.npz), which is a recording itself;
    its stated size is checked all the same. What comes out of an archive of files is counted,
    whatever the archive says of it. CardiolexError beyond the bounds, or if it is damaged.
    """
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if _wanted(one.filename)]
            if sum(one.file_size for one in members) > limits.unpacked_mib << 20:
                raise _too_large(path, limits)
            if any(one.flag_bits & 1 for one in members):
                raise CardiolexError(f"{path.name}: asks for a password; send what it holds")
            if any(one.filename.endswith(".npy") for one in members):
                return False
            if len(members) > limits.files:
                raise CardiolexError(
                    f"{path.name}: holds {len(members)} files, at most {limits.files} are taken; "
                    "pack the files of one recording"
                )
            left = limits.unpacked_mib << 20
            for one in members:
                with archive.open(one) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise _too_large(path, limits)
                write(PurePosixPath(one.filename).name, content)
    except CardiolexError:
        raise
    except _DAMAGED as error:
        raise CardiolexError(f"{path.name}: a damaged or unusable archive ({error})") from error
    return True


def _wanted(name: str) -> bool:
    """Whether a member is a file that somebody packed, not what a system added."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts if part != "..")
    return bool(parts) and not name.endswith("/") and not hidden


def _too_large(path: Path, limits: Limits) -> CardiolexError:
    return CardiolexError(f"{path.name}: unpacks to more than {limits.unpacked_mib} MiB")
