"""What `cardiolex extract` read in reports, joined to recordings by their names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.datasets.names import names_of
from cardiolex.datasets.rows import Truth
from cardiolex.datasets.store_layout import sha256
from cardiolex.errors import CardiolexError
from cardiolex.reports.tables import ReportLabels
from cardiolex.reports.vocabulary import Vocabulary

FILE = "labels.npz"
CHUNK = 8192


class ExtractedLabels:
    """Labels of records by name; opened when first used, in whichever process uses them.

    Raises CardiolexError where the folder holds no labels, or others than of this version.
    """

    def __init__(self, folder: str | Path) -> None:
        """`folder` as extract wrote it."""
        self.folder = Path(folder)
        self.path = self.folder / FILE
        if not self.path.is_file():
            raise CardiolexError(
                f"{self.folder}: has no {FILE}; give the output folder of `cardiolex extract`"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "path": self.path}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.path)

    @cached_property
    def labels(self) -> ReportLabels:
        """All of them, sparse."""
        return ReportLabels.load(self.path)

    def row(self, names: Sequence[str]) -> int | None:
        """Row of the first of these names that has labels."""
        rows = self._find(np.asarray(names, dtype=str))
        return next((int(row) for row in rows if row >= 0), None)

    def truth(self, row: int) -> Truth:
        """What the reports of a record state; everything in their vocabulary was looked for."""
        labels = self.labels
        found = []
        for offsets, places in (labels.labels.present, labels.labels.unknown):
            found.append(tuple(labels.names[p] for p in places[offsets[row] : offsets[row + 1]]))
        return Truth(found[0], found[1], labels.names)

    def join(self, files: Sequence[str | None], ids: Sequence[str | None]) -> NDArray[np.int64]:
        """Rows of N recordings, shape (N,): -1 where none of a recording's names has labels."""
        rows = np.full(len(ids), -1, dtype=np.int64)
        for first in range(0, len(ids), CHUNK):
            part = slice(first, first + CHUNK)
            names = [
                names_of(f or "", i or "") for f, i in zip(files[part], ids[part], strict=True)
            ]
            for kind in zip_longest(*names, fillvalue=""):
                found = self._find(np.asarray(kind, dtype=str))
                rows[part] = np.where(rows[part] < 0, found, rows[part])
        return rows

    def check(self, vocabulary: Vocabulary) -> None:
        """CardiolexError unless the labels were made with this very vocabulary."""
        made_with = self.labels.labels.fingerprint
        if made_with != vocabulary.fingerprint:
            raise CardiolexError(
                f"{self.folder}: was extracted with vocabulary {made_with}, not with "
                f"{vocabulary.fingerprint} ({vocabulary.source}). Train with --vocabulary "
                f"{self.folder / 'vocabulary.json'}, or extract the reports again with this one"
            )

    def _find(self, names: NDArray[np.str_]) -> NDArray[np.int64]:
        """Rows of names (N,), -1 where there is none."""
        order, sorted_ids = self._sorted
        if not len(order):
            return np.full(len(names), -1, dtype=np.int64)
        encoded = np.char.encode(names, "utf-8")
        places = np.searchsorted(sorted_ids, encoded)
        places = np.minimum(places, len(sorted_ids) - 1)
        return np.where(sorted_ids[places] == encoded, order[places], -1)

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.bytes_]]:
        ids = np.char.encode(self.labels.ids, "utf-8")
        order = np.argsort(ids, kind="stable")
        return order, ids[order]
