"""A searchable folder of vectors: recordings, and the reports written about them.

index.json says which model made the vectors; recordings.npy and reports.npy hold unit rows (N, E)
float32, recordings.parquet and reports.parquet what each row is. Search is exact, by cosine, in
chunks of memory-mapped rows. Recordings and reports are ranked apart: in a shared space texts lie
in a region of their own, so that similarities of the two kinds do not compare.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.search.entries import Entry, Hit, Kind, Maker
from cardiolex.search.top import Vectors, top

SCHEMA = 1
FILE = "index.json"


class SearchIndex:
    """An index for reading; CardiolexError if the folder is no index or is incomplete."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        header = _header(self.folder)
        self.maker = Maker(**header["maker"])
        self.dim: int = header["dim"]
        self.counts: dict[str, int] = header["counts"]

    def check_maker(self, maker: Maker) -> None:
        """CardiolexError unless `maker` makes the same vectors."""
        mine, other = self.maker, maker
        if (mine.fingerprint, mine.space) != (other.fingerprint, other.space):
            raise CardiolexError(
                f"{self.folder}: was built with the model {mine.name} ({mine.fingerprint}), not "
                f"with {other.name} ({other.fingerprint}): their vectors do not compare. Name the "
                "model that it was built with, or build it again"
            )

    def nearest(
        self, queries: Vectors, k: int, kind: Kind, leave_out: Sequence[Iterable[int]] | None = None
    ) -> list[list[Hit]]:
        """The `k` rows of `kind` most like each of `queries` (Q, E), nearest first.

        `leave_out` names rows that a query must not find, such as itself. Rows of equal
        similarity stand in their order in the index.
        """
        if k < 1:
            raise CardiolexError(f"k = {k}: ask for at least one result")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise CardiolexError(f"queries {queries.shape} for vectors of {self.dim} dimensions")
        hidden = [set(rows) for rows in leave_out or [()] * len(queries)]
        most = k + max(map(len, hidden), default=0)
        rows, scores = top(queries, self._vectors(kind), most)
        found = []
        for chosen, cosines, not_these in zip(rows, scores, hidden, strict=True):
            kept = [(r, s) for r, s in zip(chosen, cosines, strict=True) if r not in not_these][:k]
            found.append(self._hits(kept, kind))
        return found

    def rows_from(self, source: str) -> list[int]:
        """Rows of the recordings that came from one file."""
        return self._by_source.get(source, [])

    def _hits(self, found: list[tuple[Any, Any]], kind: Kind) -> list[Hit]:
        taken = self._table(kind).take([int(row) for row, _ in found]).to_pylist()
        return [
            Hit(rank, float(score), int(row), Entry(**entry))
            for rank, ((row, score), entry) in enumerate(zip(found, taken, strict=True), 1)
        ]

    def _vectors(self, kind: Kind) -> Vectors:
        path = self.folder / f"{kind}s.npy"
        try:
            vectors: Vectors = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise CardiolexError(f"{path}: cannot be read ({error}); build it again") from error
        if vectors.shape != (self.counts[kind], self.dim) or vectors.dtype != np.float32:
            raise CardiolexError(f"{path}: does not fit {FILE}; build the index again")
        return vectors

    def _table(self, kind: Kind) -> Any:
        return self._recordings if kind == "recording" else self._reports

    @cached_property
    def _recordings(self) -> Any:
        return self._read("recordings.parquet", self.counts["recording"])

    @cached_property
    def _reports(self) -> Any:
        return self._read("reports.parquet", self.counts["report"])

    def _read(self, name: str, rows: int) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(self.folder / name, columns=[f.name for f in fields(Entry)])
        except (OSError, pa.ArrowException) as error:
            raise CardiolexError(
                f"{self.folder / name}: cannot be read ({error}); build the index again"
            ) from error
        if table.num_rows != rows:
            raise CardiolexError(f"{self.folder / name}: does not fit {FILE}; build it again")
        return table

    @cached_property
    def _by_source(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, source in enumerate(self._recordings["source"].to_pylist()):
            rows.setdefault(source, []).append(row)
        return rows


def _header(folder: Path) -> dict[str, Any]:
    path = folder / FILE
    if not path.is_file():
        raise CardiolexError(
            f"{folder}: is no search index (no {FILE}); make one with `cardiolex search build`"
        )
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        if header["schema"] != SCHEMA:
            raise CardiolexError(
                f"{path}: schema {header['schema']!r}, this version reads {SCHEMA}; build it again"
            )
        Maker(**header["maker"]), int(header["dim"]), [header["counts"][k] for k in get_args(Kind)]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, CardiolexError):
            raise
        raise CardiolexError(f"{path}: is damaged ({error!r}); build the index again") from error
    return dict(header)
