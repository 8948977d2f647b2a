"""A whole data set: listed, counted, fetched by several threads, checked for completeness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from urllib.parse import urljoin

from cardiolex.datasets.downloads.addresses import Address
from cardiolex.datasets.downloads.fetching import Fetching, fetch, persistently
from cardiolex.datasets.downloads.http import Refused, Unavailable, opened
from cardiolex.datasets.downloads.listing import (
    RECORDS,
    SUMS,
    RemoteFile,
    listed_by_service,
    listed_in_sums,
    target_of,
)
from cardiolex.datasets.downloads.unpacking import is_archive, unpack
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write, write_text

CHUNK = 1 << 20


@dataclass(frozen=True)
class Plan:
    """What a download would do. `bytes_listed` is None where the listing gives no sizes."""

    files: int
    there: int
    bytes_listed: int | None


@dataclass(frozen=True)
class Downloaded:
    """What became of a download."""

    files: int
    fetched: int
    failures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Listing:
    """The files of a data set; iterated anew each time, so that a million need no memory."""

    address: Address
    folder: Path
    held: tuple[RemoteFile, ...] | None = None

    def __iter__(self) -> Iterator[RemoteFile]:
        if self.held is not None:
            return iter(self.held)
        sums = self.folder / SUMS
        return listed_in_sums(sums, self.address.address, self.address.parts)


def list_files(address: Address, folder: Path, how: Fetching | None = None) -> Listing:
    """Fetch the listing (of a folder: once, into it) and check every line of it.

    CardiolexError if there is none, if it names no file, or one outside the folder.
    """
    how = how or Fetching()
    if address.kind != "folder":
        held = persistently(lambda: listed_by_service(address), how)
        listing = Listing(address, folder, tuple(held))
    else:
        base = address.address if address.address.endswith("/") else f"{address.address}/"
        address = replace(address, address=base)
        if not (folder / SUMS).is_file():
            persistently(lambda: _fetch_sums(urljoin(base, SUMS), folder / SUMS), how)
        listing = Listing(address, folder)
    if not any(True for _ in listing):
        inside = f" below {', '.join(address.parts)}" if address.parts else ""
        raise CardiolexError(f"{address.address}: its listing names no file{inside}")
    for _ in listing:
        pass
    return listing


def _fetch_sums(url: str, target: Path) -> None:
    try:
        with opened(url) as answer, atomic_write(target) as temporary:
            stated = answer.headers.get("Content-Length")
            with temporary.open("wb") as out:
                while chunk := answer.read(CHUNK):
                    out.write(chunk)
            if stated and stated.isdecimal() and temporary.stat().st_size != int(stated):
                raise Unavailable(f"{url}: the connection broke off")
    except Refused as error:
        if "404" in str(error):
            raise CardiolexError(
                f"{error}. Without checksums nothing is fetched; is this the address of a version "
                "(…/1.0.3/)?"
            ) from error
        raise


def plan(listing: Listing) -> Plan:
    """Count what is to be fetched, and what is there."""
    files = there = 0
    size: int | None = 0
    for file in listing:
        files += 1
        there += _done(file, listing.folder)
        size = None if size is None or file.size is None else size + file.size
    return Plan(files, there, size)


def download(
    listing: Listing,
    *,
    threads: int = 8,
    how: Fetching | None = None,
    keep_archives: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Downloaded:
    """Fetch every file that is not there yet; what fails is listed and the rest is finished.

    Archives are unpacked and, unless `keep_archives`, removed. Call again to go on after an
    interruption.
    """
    how = how or Fetching()
    total = plan(listing).files
    failures: list[tuple[str, str]] = []
    done = fetched = 0
    with ThreadPoolExecutor(threads) as pool:
        todo = ((file, listing.folder, how, keep_archives) for file in listing)
        try:
            for file, outcome in _each(pool, todo, threads * 4):
                done += 1
                if isinstance(outcome, bool):
                    fetched += outcome
                else:
                    failures.append((file.path, str(outcome)))
                if progress is not None:
                    progress(done, total)
        except BaseException:
            how.stop.set()  # what is under way ends at its next chunk, and can be gone on with
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if not failures:
        failures += _incomplete(listing)
    return Downloaded(total, fetched, tuple(failures))


Task = tuple[RemoteFile, Path, Fetching, bool]


def _each(
    pool: ThreadPoolExecutor, todo: Iterable[Task], waiting: int
) -> Iterator[tuple[RemoteFile, bool | CardiolexError]]:
    """Results as they come; only `waiting` tasks are taken ahead."""
    tasks = iter(todo)
    running: dict[Future[bool], RemoteFile] = {}
    while True:
        for task in islice(tasks, waiting - len(running)):
            running[pool.submit(_one, *task)] = task[0]
        if not running:
            return
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            file = running.pop(future)
            error = future.exception()
            if error is not None and not isinstance(error, (CardiolexError, OSError)):
                raise error
            yield file, future.result() if error is None else CardiolexError(str(error))


def _one(file: RemoteFile, folder: Path, how: Fetching, keep_archives: bool) -> bool:
    if _done(file, folder) and not (keep_archives and is_archive(file.path)):
        return False
    fetched = fetch(file, folder, how)
    if is_archive(file.path) and not _unpacked(file, folder).is_file():
        target = target_of(folder, file.path)
        unpack(target)
        write_text(_unpacked(file, folder), file.checksum + "\n")
        if not keep_archives:
            target.unlink()
    return fetched


def _done(file: RemoteFile, folder: Path) -> bool:
    if is_archive(file.path):
        return _unpacked(file, folder).is_file()
    return target_of(folder, file.path).is_file()


def _unpacked(file: RemoteFile, folder: Path) -> Path:
    target = target_of(folder, file.path)
    return target.with_name(f".{target.name}.unpacked")


def _incomplete(listing: Listing) -> list[tuple[str, str]]:
    """Records that RECORDS names and whose header did not come with the files."""
    path = listing.folder / RECORDS
    if listing.address.parts or not path.is_file():
        return []
    names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    named = [name for name in names if name and not name.endswith("/")]
    return [
        (name, "is named in RECORDS, but its header is not there")
        for name in named
        if not (listing.folder / f"{name}.hea").is_file()
    ]
