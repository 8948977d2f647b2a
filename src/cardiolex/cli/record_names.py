"""Names under which the recordings of one call are answered: no two the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


class RecordNames:
    """Gives each recording its own id, or one that says where it lies if others have that too.

    Where files in several folders have one name and their recordings are called by it, as in
    p1/ecg.hea and p2/ecg.hea, the ids become p1/ecg and p2/ecg.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._places = distinct_endings(files)
        self._taken: set[str] = set()

    def name(self, path: Path, own: str) -> str:
        """The name of the next recording of `path`, whose id in the file is `own`."""
        place = self._places[path]
        chosen = place if own in (path.stem, "") else own
        if chosen in self._taken:
            chosen = place
        number = 2
        while chosen in self._taken:
            chosen = f"{place}-{number}"
            number += 1
        self._taken.add(chosen)
        return chosen


def distinct_endings(files: Sequence[Path]) -> dict[Path, str]:
    """For each path its shortest ending that no other has: "ecg", "p1/ecg", else "ecg.csv"."""
    whole = {path: path.resolve() for path in files}
    found = _shortest({path: full.with_suffix("").parts[1:] for path, full in whole.items()})
    rest = {path: full.parts[1:] for path, full in whole.items() if path not in found}
    return found | _shortest(rest)  # the rest differs in its suffix alone


def _shortest(left: dict[Path, tuple[str, ...]]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for depth in range(1, 1 + max(map(len, left.values()), default=0)):
        endings = {path: "/".join(parts[-depth:]) for path, parts in left.items()}
        counts = Counter(endings.values())
        found |= {path: ending for path, ending in endings.items() if counts[ending] == 1}
        left = {path: parts for path, parts in left.items() if path not in found}
    return found
