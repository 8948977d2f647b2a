"""Which files a data set has, with their checksums; paths are checked before anything is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urljoin

from cardiolex.datasets.downloads.addresses import Address
from cardiolex.datasets.downloads.http import fetch_json
from cardiolex.errors import CardiolexError

SUMS, RECORDS = "SHA256SUMS.txt", "RECORDS"
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)")


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch: `path` below the target folder, a checksum "sha256:…" or "md5:…"."""

    path: str
    url: str
    checksum: str
    size: int | None = None


def safe_path(text: str, listed_in: str) -> str:
    """The relative path as it is; CardiolexError for one that could leave its folder."""
    parts = text.split("/")
    bad = any(part in ("", ".", "..") for part in parts) or any(
        mark in text for mark in ("\\", ":", "\0")
    )
    if bad or not text.isprintable() or len(text) > 1000:
        raise CardiolexError(
            f"{listed_in}: names the file {text[:80]!r}; paths must stay inside the folder, so "
            "nothing of this listing is fetched"
        )
    return text


def is_hidden(path: str) -> bool:
    """Whether a file or a folder on its way is hidden (.DS_Store, ._x); such files are no data."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def target_of(folder: Path, path: str) -> Path:
    """Where `path` goes; CardiolexError if a link inside `folder` would lead out of it."""
    target = folder / PurePosixPath(path)
    if not target.parent.resolve().is_relative_to(folder.resolve()) or target.is_symlink():
        raise CardiolexError(f"{target}: is reached through a link; nothing is written through it")
    return target


def listed_in_sums(sums: Path, base: str, parts: Sequence[str] = ()) -> Iterator[RemoteFile]:
    """Files of a PhysioNet-style folder by its SHA256SUMS.txt, only those below `parts` if given.

    CardiolexError for lines of another form and for paths that could leave the folder.
    """
    with sums.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            match = _LINE.fullmatch(line.rstrip("\r\n"))
            if match is None:
                raise CardiolexError(
                    f"{sums}, line {number}: {line[:60]!r} is no checksum and path; delete the "
                    "file and start again"
                )
            path = safe_path(match[2].removeprefix("./"), f"{sums}, line {number}")
            if path == SUMS or is_hidden(path):
                continue
            if (not parts) or path.startswith(tuple(parts)):
                yield RemoteFile(path, urljoin(base, quote(path)), f"sha256:{match[1].lower()}")


def listed_by_service(address: Address) -> list[RemoteFile]:
    """Files of a Zenodo record or of the articles of a figshare collection."""
    listing = fetch_json(address.address)
    try:
        if address.kind == "zenodo":
            return [
                RemoteFile(
                    safe_path(one["key"], address.address),
                    one["links"]["self"],
                    str(one["checksum"]),
                    int(one["size"]),
                )
                for one in listing["files"]
            ]
        articles = [fetch_json(article["url"]) for article in listing]
        return [
            RemoteFile(
                safe_path(one["name"], address.address),
                one["download_url"],
                f"md5:{one['computed_md5'] or one['supplied_md5']}",
                int(one["size"]),
            )
            for article in articles
            for one in article["files"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, CardiolexError):
            raise
        raise CardiolexError(
            f"{address.address}: the listing has another form than expected ({error!r})"
        ) from error
