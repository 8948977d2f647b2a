"""One file: resumed where it was left, verified, and only then given its name."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TypeVar

from cardiolex.datasets.downloads.http import Refused, Unavailable, opened
from cardiolex.datasets.downloads.listing import RemoteFile, target_of
from cardiolex.errors import CardiolexError

CHUNK = 1 << 18
T = TypeVar("T")


@dataclass(frozen=True)
class Fetching:
    """How persistently files are fetched. Between tries it waits `wait_s`, doubled each time."""

    tries: int = 6
    wait_s: float = 1.0
    stop: Event = field(default_factory=Event)
    sleep: Callable[[float], None] = time.sleep


def fetch(file: RemoteFile, folder: Path, how: Fetching) -> bool:
    """Fetch `file` below `folder`; False if it is there already (its name vouches for it).

    Bytes gather in `.NAME.part`, which a later call goes on with. CardiolexError with the last
    reason when all tries failed.
    """
    target = target_of(folder, file.path)
    if target.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")

    def once() -> None:
        _receive(file, part, how)
        _verify(file, part)
        part.replace(target)

    persistently(once, how)
    return True


def persistently(work: Callable[[], T], how: Fetching) -> T:
    """What `work()` gives, tried again while it raises `Unavailable`; CardiolexError in the end."""
    reason: CardiolexError | None = None
    for attempt in range(how.tries):
        if how.stop.is_set():
            raise CardiolexError("interrupted")
        try:
            return work()
        except Unavailable as error:
            reason = error
            if attempt + 1 < how.tries:
                how.sleep(max(error.wait_s, how.wait_s * 2**attempt))
    raise CardiolexError(f"{reason} (after {how.tries} tries)")


def _receive(file: RemoteFile, part: Path, how: Fetching) -> None:
    """Bring `part` to its full length, from where it ends if the server can do that."""
    held = part.stat().st_size if part.is_file() else 0
    if file.size is not None and held >= file.size:
        if held == file.size:
            return
        part.unlink()
        held = 0
    headers = {"Range": f"bytes={held}-"} if held else {}
    try:
        with opened(file.url, headers) as answer:
            resumed = answer.status == 206 and _starts_at(answer.headers, held)
            if answer.status == 206 and not resumed:
                part.unlink()
                raise Unavailable(f"{file.url}: answered with another range than asked for")
            length = answer.headers.get("Content-Length")
            with part.open("ab" if resumed else "wb") as out:
                got = _copy(answer.read, out.write, file.url, how)
                out.flush()
                os.fsync(out.fileno())
            if length is not None and length.isdecimal() and got < int(length):
                raise Unavailable(f"{file.url}: the connection ended after {got} of {length} bytes")
    except Refused as error:
        if "416" not in str(error) or not held:
            raise
        part.unlink()
        raise Unavailable(f"{file.url}: cannot go on from byte {held}") from error


def _starts_at(headers: object, held: int) -> bool:
    stated = str(headers.get("Content-Range", ""))  # type: ignore[attr-defined]
    return stated.startswith(f"bytes {held}-")


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], int], url: str, how: Fetching
) -> int:
    got = 0
    while chunk := read(CHUNK):
        try:
            write(chunk)
        except OSError as error:
            raise CardiolexError(f"{url}: cannot be written ({error.strerror})") from error
        got += len(chunk)
        if how.stop.is_set():
            raise CardiolexError(f"{url}: interrupted")
    return got


def _verify(file: RemoteFile, part: Path) -> None:
    """`Unavailable` (fetch it anew) if `part` is not what the checksum promises."""
    method, _, expected = file.checksum.partition(":")
    if method not in ("sha256", "md5"):
        raise CardiolexError(f"{file.url}: has the checksum {file.checksum[:40]!r}, not understood")
    with part.open("rb") as content:
        found = hashlib.file_digest(content, method).hexdigest()
    if found != expected.lower():
        part.unlink()
        raise Unavailable(f"{file.url}: what arrived differs from its {method} checksum")
