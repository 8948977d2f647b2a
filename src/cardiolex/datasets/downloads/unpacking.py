"""Archives of data sets: plain files only, inside the folder, each complete before it is named."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cardiolex.datasets.downloads.listing import is_hidden, safe_path, target_of
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked after download."""
    return name.endswith(ARCHIVES)


def unpack(archive: Path) -> int:
    """Unpack beside the archive; returns the number of files.

    CardiolexError for damage, for links and for paths that could leave the folder; files that
    were unpacked before that stay.
    """
    count = 0
    try:
        for name, content in _members(archive):
            target = target_of(archive.parent, safe_path(name, str(archive)))
            if is_hidden(name):
                continue
            with atomic_write(target) as temporary, temporary.open("wb") as out:
                shutil.copyfileobj(content, out, 1 << 20)
            count += 1
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise CardiolexError(f"{archive}: cannot be unpacked ({error})") from error
    return count


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if archive.name.endswith(".zip"):
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise CardiolexError(f"{archive}: holds the link {info.filename!r}")
                if not info.is_dir():
                    with file.open(info) as content:
                        yield info.filename, content
        return
    with tarfile.open(archive, "r|*") as packed:
        for member in packed:
            if member.isdir():
                continue
            held = packed.extractfile(member) if member.isfile() else None
            if held is None:
                raise CardiolexError(f"{archive}: holds {member.name!r}, which is no plain file")
            yield member.name, held
