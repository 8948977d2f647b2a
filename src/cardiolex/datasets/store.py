"""Reading a store: random access to memory-mapped arrays, labels by name. See `store_layout`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cardiolex.datasets.batches import Example
from cardiolex.datasets.extracted import ExtractedLabels
from cardiolex.datasets.store_layout import Manifest, sha256
from cardiolex.errors import CardiolexError
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.tables import ReportLabels
from cardiolex.reports.vocabulary import Vocabulary


class Store:
    """A finished store as a map-style data set of `Example`s.

    Arrays and table are opened when first used, in whichever process uses them, so a Store can be
    sent to worker processes and memory stays flat however large it is.
    """

    def __init__(
        self,
        folder: str | Path,
        vocabulary: Vocabulary | None = None,
        labels: str | Path | None = None,
    ) -> None:
        """Labels are given in the order of `vocabulary` (default: the bundled one).

        `labels`, the folder of an extraction made with this vocabulary, take the place of the
        labels in the store; what they do not know of is unknown.
        """
        self.folder = Path(folder)
        self.manifest = Manifest.read(self.folder)
        self.vocabulary = vocabulary or Vocabulary.load()
        self.extracted = None if labels is None else ExtractedLabels(labels)
        if self.extracted is not None:
            self.extracted.check(self.vocabulary)
        self.preprocess = Preprocess.from_dict(self.manifest.preprocess)
        self._ends = np.cumsum([shard["rows"] for shard in self.manifest.shards])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getstate__(self) -> dict[str, Any]:
        opened = ("_arrays", "table", "_labels")
        return {name: value for name, value in self.__dict__.items() if name not in opened}

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.folder}: row {index} of {len(self)}")
        shard = int(np.searchsorted(self._ends, index, side="right"))
        first = int(self._ends[shard] - self.manifest.shards[shard]["rows"])
        columns = ("id", "patient", "report", "leads", "length")
        row = {name: self.table[name][index].as_py() for name in columns}
        return Example(
            ecg=self._arrays[shard][index - first],
            lead_mask=(row["leads"] >> np.arange(len(self.manifest.leads))) & 1 == 1,
            sample_mask=np.arange(self.manifest.samples) < row["length"],
            labels=self._labels.row(index),
            report=row["report"] or "",
            id=row["id"] or "",
            patient=row["patient"] or "",
            gain=self.manifest.gain_mv,
        )

    def __getitems__(self, indices: Sequence[int]) -> list[Example]:
        return [self[index] for index in indices]

    @cached_property
    def table(self) -> pa.Table:
        """Everything but the arrays, one row per window."""
        return pq.read_table(self.folder / "table.parquet", memory_map=True).combine_chunks()

    def verify(self) -> None:
        """Compare every shard with its checksum; CardiolexError naming those that differ."""
        wrong = [
            shard["file"]
            for shard in self.manifest.shards
            if not (self.folder / shard["file"]).is_file()
            or sha256(self.folder / shard["file"]) != shard["sha256"]
        ]
        if wrong:
            raise CardiolexError(f"{self.folder}: damaged or missing: {', '.join(wrong)}")

    @cached_property
    def _arrays(self) -> list[NDArray[np.int16]]:
        try:
            return [
                np.load(self.folder / shard["file"], mmap_mode="r", allow_pickle=False)
                for shard in self.manifest.shards
            ]
        except (OSError, ValueError) as error:
            raise CardiolexError(f"{self.folder}: a shard cannot be opened: {error}") from error

    @cached_property
    def label_rows(self) -> NDArray[np.int64] | None:
        """Where the labels of each window stand in the extraction given; -1 nowhere."""
        if self.extracted is None:
            return None
        files, ids = (self.table[name].to_pylist() for name in ("source", "id"))
        rows = self.extracted.join(files, ids)
        if len(self) and (rows < 0).all():
            labelled = self.extracted.labels.ids[:2].tolist()
            raise CardiolexError(
                f"{self.extracted.folder}: has labels of none of the recordings in {self.folder}; "
                f"labels are named like {_some(labelled)}, recordings like {_some(ids)} or their "
                f"files {_some(files)}"
            )
        return rows

    def positives(self, rows: Sequence[int]) -> frozenset[str]:
        """Names, superclasses included, that are present in at least one of these rows."""
        return self._labels.positives(rows)

    @cached_property
    def _labels(self) -> _Labels | _Extracted:
        if self.extracted is not None and self.label_rows is not None:
            return _Extracted(self.extracted.labels, self.label_rows)
        return _Labels(self.table, self.manifest.judged, self.vocabulary, str(self.folder))


class _Extracted:
    """Labels (Q,) of an extraction by the rows of a store."""

    def __init__(self, labels: ReportLabels, rows: NDArray[np.int64]) -> None:
        self.labels = labels
        self.rows = rows

    def row(self, index: int) -> NDArray[np.float32]:
        """1 present, 0 absent, NaN unknown."""
        row = int(self.rows[index])
        if row < 0:
            return np.full(len(self.labels.names), np.nan, dtype=np.float32)
        labels: NDArray[np.float32] = self.labels.rows([row])[0]
        return labels

    def positives(self, rows: Sequence[int]) -> frozenset[str]:
        found: set[int] = set()
        offsets, places = self.labels.labels.present
        for row in self.rows[np.asarray(rows, dtype=int)]:
            if row >= 0:
                found.update(places[offsets[row] : offsets[row + 1]].tolist())
        return frozenset(self.labels.names[place] for place in found)


def _some(names: Sequence[str | None]) -> str:
    return ", ".join(repr(str(name)) for name in names[:2])


@dataclass(frozen=True)
class Chosen:
    """Some rows of a store, as a data set."""

    store: Store
    rows: Sequence[int]

    @property
    def patients(self) -> list[str]:
        """Whose each window is; "" where that is unknown."""
        column = self.store.table["patient"].take(list(self.rows)).to_pylist()
        return [name or "" for name in column]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Example:
        return self.store[self.rows[index]]


class _Labels:
    """Sparse names of all rows; dense label vectors (Q,) on request."""

    def __init__(
        self, table: pa.Table, judged: list[list[str]], vocabulary: Vocabulary, source: str
    ) -> None:
        for names in judged:
            _check_names(names, vocabulary, source)
        self.names = vocabulary.names
        self.background = [vocabulary.label_vector((), (), names) for names in judged]
        self.everything = vocabulary.label_vector((), ())
        self.judged = table["judged"].fill_null(-1).to_numpy()
        self.unknown = _places(table["unknown"], vocabulary, source)
        self.present = _places(table["present"], vocabulary, source)

    def positives(self, rows: Sequence[int]) -> frozenset[str]:
        offsets, codes, closures = self.present
        used = {code for row in rows for code in codes[offsets[row] : offsets[row + 1]].tolist()}
        return frozenset(self.names[place] for code in used for place in closures[code])

    def row(self, index: int) -> NDArray[np.float32]:
        """1 present, 0 absent, NaN unknown; as `Vocabulary.label_vector`."""
        number = int(self.judged[index])
        labels = (self.everything if number < 0 else self.background[number]).copy()
        for (offsets, codes, closures), value in ((self.unknown, np.nan), (self.present, 1.0)):
            for code in codes[offsets[index] : offsets[index + 1]]:
                labels[closures[code]] = value
        return labels


def _places(
    column: pa.ChunkedArray, vocabulary: Vocabulary, source: str
) -> tuple[NDArray[np.int32], NDArray[np.int16], list[list[int]]]:
    """Offsets of the rows, codes of their names, and for each code the places it sets."""
    lists = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    values = lists.flatten()
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    names = values.dictionary.to_pylist()
    _check_names(names, vocabulary, source)
    closures = [[vocabulary.index[n] for n in vocabulary.closure([name])] for name in names]
    offsets = lists.offsets.to_numpy() - lists.offsets[0].as_py()
    return offsets, values.indices.to_numpy(), closures


def _check_names(names: Sequence[str], vocabulary: Vocabulary, source: str) -> None:
    if strange := [name for name in names if name not in vocabulary]:
        raise CardiolexError(
            f"{source}: has labels that the vocabulary {vocabulary.source} lacks: {strange[:3]}; "
            "open it with the vocabulary it was made with, or with labels extracted with this one"
        )
