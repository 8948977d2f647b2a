"""Labels of a table of reports: records x findings, present, unknown or absent; kept sparse."""

import shutil
from array import array as to_array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write
from cardiolex.reports.entities_found import Extraction
from cardiolex.reports.labels import Findings, SparseLabels
from cardiolex.reports.vocabulary import Vocabulary

RESERVED = ("otherwise", "except for rate", "except for", "sonst", "ansonsten", "eljest",
            "im übrigen", "apart from")  # fmt: skip


def findings_of(extractions: Iterable[Extraction], vocabulary: Vocabulary) -> Findings:
    """What the texts of one record state together.

    Present in one statement is present; possible in one and present in none is unknown. A normal
    ECG "otherwise", or beside a finding that makes the ECG abnormal, is unknown.
    """
    present: set[str] = set()
    unknown: set[str] = set()
    reserved = False
    for extraction in extractions:
        present |= extraction.present
        unknown |= extraction.uncertain
        reserved = reserved or any(
            mention.name == "normal ecg" and set(mention.qualifiers) & set(RESERVED)
            for mention in extraction.mentions
        )
    known = {name for name in present if name in vocabulary}
    abnormal = "abnormal ecg" in vocabulary and "abnormal ecg" in vocabulary.closure(known)
    if "normal ecg" in known and (reserved or abnormal):
        known.remove("normal ecg")
        unknown.add("normal ecg")
    maybe = {name for name in unknown if name in vocabulary} - known
    return Findings(frozenset(known), frozenset(maybe))


@dataclass(frozen=True)
class ReportLabels:
    """Labels of N records: `ids` and the sparse `labels`, over the names of a vocabulary."""

    ids: NDArray[np.str_]
    names: tuple[str, ...]
    labels: SparseLabels

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def load(cls, path: str | Path) -> "ReportLabels":
        """Read what `LabelWriter` wrote; CardiolexError if it is something else."""
        try:
            with np.load(path, allow_pickle=False) as content:
                arrays = {key: content[key] for key in content.files}
            labels = SparseLabels(
                (arrays["present_offsets"], arrays["present"]),
                (arrays["unknown_offsets"], arrays["unknown"]),
                str(arrays["fingerprint"]),
            )
            ids = np.char.decode(arrays["ids"], "utf-8")
            return cls(ids, tuple(arrays["names"].tolist()), labels)
        except (OSError, ValueError, KeyError) as error:
            raise CardiolexError(f"{path}: holds no report labels: {error}.") from error

    def matrix(self) -> Any:
        """scipy CSR matrix (N, Q), int8: 1 present, -1 unknown, 0 absent."""
        from scipy.sparse import csr_matrix

        shape = (len(self), len(self.names))
        parts = []
        for (offsets, places), value in ((self.labels.present, 1), (self.labels.unknown, -1)):
            values = np.full(len(places), value, dtype=np.int8)
            parts.append(csr_matrix((values, places, offsets), shape=shape))
        return parts[0] + parts[1]

    def rows(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """Label vectors (len(rows), Q) as `Batch.labels` holds them: 1, 0, NaN unknown."""
        labels = np.zeros((len(rows), len(self.names)), dtype=np.float32)
        for place, row in enumerate(rows):
            for (offsets, columns), value in (
                (self.labels.present, 1.0),
                (self.labels.unknown, np.nan),
            ):
                labels[place, columns[offsets[row] : offsets[row + 1]]] = value
        return labels

    def of(self, ids: Sequence[str], vocabulary: Vocabulary) -> NDArray[np.float32]:
        """Label vectors of the named records over `vocabulary`; NaN throughout where unknown.

        Names are matched by name, not by place, so that labels written before the vocabulary grew
        can still be used: findings that were not looked for then are NaN.
        """
        order = np.argsort(self.ids, kind="stable")
        sorted_ids = self.ids[order]
        wanted = np.asarray(ids, dtype=str)
        places = np.clip(np.searchsorted(sorted_ids, wanted), 0, max(len(self) - 1, 0))
        labels = np.full((len(ids), len(vocabulary)), np.nan, dtype=np.float32)
        known = (sorted_ids[places] == wanted) if len(self) else np.zeros(len(ids), dtype=bool)
        columns = [
            (old, vocabulary.index[name])
            for old, name in enumerate(self.names)
            if name in vocabulary
        ]
        if known.any() and columns:
            old, new = (list(part) for part in zip(*columns, strict=True))
            labels[np.ix_(known, new)] = self.rows(order[places[known]].tolist())[:, old]
        return labels


class LabelWriter:
    """Writes labels of any number of records with little memory: places go to disk as they come.

    Use as a context manager; `path` (.npz) appears, whole, when the block ends without an error.
    """

    def __init__(self, path: str | Path, vocabulary: Vocabulary) -> None:
        self.path = Path(path)
        self.vocabulary = vocabulary
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._parts = {
            name: self.path.with_name(f".{self.path.name}.{name}")
            for name in ("ids", "present", "unknown", "sizes")
        }
        self._files: dict[str, Any] = {}
        self.count = 0
        self._longest = 1

    def __enter__(self) -> "LabelWriter":
        self._files = {name: path.open("wb") for name, path in self._parts.items()}
        return self

    def add(self, id: str, present: Sequence[int], unknown: Sequence[int]) -> None:
        """One record: places of its present and unknown names in the vocabulary."""
        name = id.replace("\n", " ").encode()
        self._files["ids"].write(name + b"\n")
        self._files["present"].write(to_array("i", present).tobytes())
        self._files["unknown"].write(to_array("i", unknown).tobytes())
        self._files["sizes"].write(to_array("i", (len(present), len(unknown))).tobytes())
        self.count += 1
        self._longest = max(self._longest, len(name))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._files.values():
            handle.close()
        try:
            if kind is None:
                self._assemble()
        finally:
            for path in self._parts.values():
                path.unlink(missing_ok=True)

    def _assemble(self) -> None:
        sizes = np.fromfile(self._parts["sizes"], dtype=np.int32).reshape(-1, 2)
        offsets = np.zeros((self.count + 1, 2), dtype=np.int64)
        np.cumsum(sizes, axis=0, out=offsets[1:])
        ids = np.empty(self.count, dtype=f"S{self._longest}")
        with self._parts["ids"].open("rb") as lines:
            for place, line in enumerate(lines):
                ids[place] = line.removesuffix(b"\n")
        arrays = {
            "ids": ids,
            "names": np.asarray(self.vocabulary.names),
            "fingerprint": np.asarray(self.vocabulary.fingerprint),
            "present_offsets": np.ascontiguousarray(offsets[:, 0]),
            "unknown_offsets": np.ascontiguousarray(offsets[:, 1]),
        }
        with atomic_write(self.path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w") as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
            for name in ("present", "unknown"):
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    _copy_places(self._parts[name], entry)


def _copy_places(path: Path, entry: IO[bytes]) -> None:
    """The places in a file as an .npy entry, without holding them in memory."""
    shape = (path.stat().st_size // 4,)
    header = {"descr": "<i4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(entry, header)
    with path.open("rb") as places:
        shutil.copyfileobj(places, entry, 1 << 20)
