"""The command that fetches public data sets."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from cardiolex.cli.call_error import CallError
from cardiolex.cli.progress import progress_bar
from cardiolex.datasets.set_names import DataSet

SHOWN = 20


def download(
    dataset: DataSet,
    folder: Path,
    /,
    *,
    dry_run: bool = False,
    threads: int = 8,
    address: str | None = None,
    keep_archives: bool = False,
) -> int:
    """Fetch a public data set with verified checksums; a second call goes on where it was left.

    Parameters
    ----------
    dataset
        Which one.
    folder
        Folder for its files; the same layout as published.
    dry_run
        Say how many files and how much there is, with licence and citation, and fetch nothing but
        the listing.
    threads
        Files fetched at the same time.
    address
        Another address of the same files, e.g. a mirror.
    keep_archives
        Keep archives after they are unpacked.
    """
    from cardiolex.datasets.downloads.addresses import address_of
    from cardiolex.datasets.downloads.downloading import download as fetch_all
    from cardiolex.datasets.downloads.downloading import list_files, plan

    if not 1 <= threads <= 64:
        raise CallError(f"--threads {threads}: from 1 to 64")
    place = address_of(dataset)
    if address is not None:
        place = replace(place, address=address)
    listing = list_files(place, folder)
    planned = plan(listing)
    size = f"about {place.size_gb:g} GB"
    if planned.bytes_listed is not None:
        size = f"{planned.bytes_listed / 1e9:.3g} GB"
    print(f"{place.title}: {planned.files} files, {size}; {planned.there} are there")
    print(f"{place.address}\nlicence: {place.licence}\ncite: {place.citation}")
    if dry_run:
        return 0
    with progress_bar("downloading") as progress:
        done = fetch_all(listing, threads=threads, keep_archives=keep_archives, progress=progress)
    print(f"{done.fetched} files fetched to {folder}")
    for path, reason in done.failures[:SHOWN]:
        print(f"cardiolex: {path}: {reason}", file=sys.stderr)
    if done.failures:
        print(
            f"cardiolex: {len(done.failures)} of {done.files} files not fetched; run the same "
            "command again to go on",
            file=sys.stderr,
        )
    return 1 if done.failures else 0
