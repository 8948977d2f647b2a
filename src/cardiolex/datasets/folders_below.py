"""The folders of a data set, also where they are links to another disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def folders_below(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield `root` and each folder below with the sorted names of its files.

    Hidden folders are skipped; links to folders are entered, each place once, so that links in a
    circle end.
    """
    entered: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        place = os.path.realpath(folder)
        if place in entered:
            below.clear()
            continue
        entered.add(place)
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(folder), sorted(names)
