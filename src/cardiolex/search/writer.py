"""Writing a search index in one rename, row by row, so that memory stays flat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, BinaryIO, get_args

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_folder, write_text
from cardiolex.search.entries import Entry, Kind, Maker
from cardiolex.search.index import FILE, SCHEMA
from cardiolex.search.top import Vectors

BUFFER = 20_000  # entries written at a time


@contextmanager
def write_index(folder: str | Path, maker: Maker) -> Iterator[IndexWriter]:
    """Yield a writer; on success `folder` holds the index, on an exception it stays as it was.

    An index that was there is replaced; a folder with anything else in it is an OSError.
    """
    with (
        atomic_folder(folder, mark=FILE) as temporary,
        closing(IndexWriter(temporary, maker)) as writer,
    ):
        yield writer
        writer.finish()


class IndexWriter:
    """Appends recordings and reports; see `write_index`."""

    def __init__(self, folder: Path, maker: Maker) -> None:
        self.folder, self.maker = folder, maker
        self._shelves: dict[str, _Shelf] = {}

    @property
    def counts(self) -> dict[str, int]:
        """Rows added so far by kind."""
        there = {kind: shelf.rows for kind, shelf in self._shelves.items()}
        return {kind: there.get(kind, 0) for kind in get_args(Kind)}

    def add(self, kind: Kind, vectors: Vectors, entries: Sequence[Entry]) -> None:
        """Append rows: unit vectors (n, E) and what they are."""
        self._shelf(kind, vectors.shape[1]).add(np.asarray(vectors, np.float32), entries)

    def finish(self) -> None:
        """Complete all files; CardiolexError if there is no row, or rows of different lengths."""
        dims = {shelf.dim for shelf in self._shelves.values()}
        if len(dims) != 1:
            told = " and ".join(map(str, sorted(dims)))
            raise CardiolexError(f"vectors of {told} numbers in one index" if dims else _NOTHING)
        (dim,) = dims
        for kind in get_args(Kind):
            self._shelf(kind, dim).finish()
        header = {
            "schema": SCHEMA,
            "maker": asdict(self.maker),
            "dim": dim,
            "counts": self.counts,
        }
        write_text(self.folder / FILE, json.dumps(header, indent=1) + "\n")

    def close(self) -> None:
        """Close all files."""
        for shelf in self._shelves.values():
            shelf.close()

    def _shelf(self, kind: str, dim: int) -> _Shelf:
        if kind not in self._shelves:
            self._shelves[kind] = _Shelf(self.folder / f"{kind}s", dim)
        return self._shelves[kind]


_NOTHING = "nothing to put into the index: no recording could be read and no report was given"


class _Shelf:
    """Vectors and entries of one kind, appended."""

    def __init__(self, stem: Path, dim: int) -> None:
        self.stem, self.dim, self.rows = stem, dim, 0
        self._file: BinaryIO = stem.with_suffix(".npy").open("wb")
        self._write_shape()
        self._waiting: list[Entry] = []
        self._table: Any = None

    def add(self, vectors: Vectors, entries: Sequence[Entry]) -> None:
        if vectors.shape != (len(entries), self.dim) or not np.isfinite(vectors).all():
            raise CardiolexError(
                f"{vectors.shape} vectors for {len(entries)} entries of {self.dim} finite numbers"
            )
        self._file.write(np.ascontiguousarray(vectors, "<f4").tobytes())
        self._waiting += entries
        self.rows += len(entries)
        if len(self._waiting) >= BUFFER:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._file.seek(0)
        self._write_shape()

    def close(self) -> None:
        self._file.close()
        if self._table is not None:
            self._table.close()

    def _write_shape(self) -> None:
        """The head of the .npy file; numpy leaves room in it for the number of rows to grow."""
        shape = {"descr": "<f4", "fortran_order": False, "shape": (self.rows, self.dim)}
        np.lib.format.write_array_header_1_0(self._file, shape)

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {"count": pa.int64()}
        columns = {
            f.name: pa.array(
                [getattr(e, f.name) for e in self._waiting], types.get(f.name, pa.string())
            )
            for f in fields(Entry)
        }
        table = pa.table(columns)
        if self._table is None:
            self._table = pq.ParquetWriter(self.stem.with_suffix(".parquet"), table.schema)
        self._table.write_table(table)
        self._waiting = []
