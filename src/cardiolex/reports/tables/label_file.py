"""labels.npz: written from blocks of records without holding all labels in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from numpy.typing import NDArray

from cardiolex.files import atomic_write
from cardiolex.reports.vocabulary import Vocabulary

Places = tuple[Sequence[int], Sequence[int]]
"""Places in the vocabulary of a record's present and of its unknown names."""
KINDS = ("present", "unknown")


@dataclass(frozen=True, eq=False)
class LabelBlock:
    """Labels of N records: `ids` (N,) UTF-8 bytes, `sizes` (N, 2), places of all, end to end."""

    ids: NDArray[np.bytes_]
    sizes: NDArray[np.int32]
    present: NDArray[np.int32]
    unknown: NDArray[np.int32]

    @classmethod
    def of(cls, ids: Sequence[str], places: Sequence[Places]) -> "LabelBlock":
        """From the ids and places of records."""
        present, unknown = ([p[kind] for p in places] for kind in (0, 1))
        return cls(
            np.array([id.replace("\n", " ").encode("utf-8", "replace") for id in ids], dtype="S"),
            np.array([(len(p), len(u)) for p, u in places], dtype=np.int32).reshape(-1, 2),
            np.array([place for row in present for place in row], dtype=np.int32),
            np.array([place for row in unknown for place in row], dtype=np.int32),
        )

    def save(self, path: Path) -> None:
        """Write as .npz."""
        with atomic_write(path) as temporary:
            np.savez(temporary, **self.__dict__)

    @classmethod
    def load(cls, path: Path) -> "LabelBlock":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as content:
            return cls(**{key: content[key] for key in content.files})


def write_labels(path: Path, blocks: Sequence[Path], vocabulary: Vocabulary) -> None:
    """Join the blocks in these files to one labels.npz; see `ReportLabels`."""
    sizes = np.concatenate([LabelBlock.load(block).sizes for block in blocks])
    offsets = np.zeros((len(sizes) + 1, 2), dtype=np.int64)
    np.cumsum(sizes, axis=0, out=offsets[1:])
    arrays = {
        "ids": np.concatenate([LabelBlock.load(block).ids for block in blocks]),
        "names": np.asarray(vocabulary.names),
        "fingerprint": np.asarray(vocabulary.fingerprint),
        "present_offsets": np.ascontiguousarray(offsets[:, 0]),
        "unknown_offsets": np.ascontiguousarray(offsets[:, 1]),
    }
    with atomic_write(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
        for kind, name in enumerate(KINDS):
            header = {"descr": "<i4", "fortran_order": False, "shape": (int(offsets[-1, kind]),)}
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array_header_1_0(entry, header)
                for places in _places(blocks, name):
                    entry.write(places.astype("<i4").tobytes())


def _places(blocks: Sequence[Path], kind: str) -> Iterator[NDArray[np.int32]]:
    for block in blocks:
        yield getattr(LabelBlock.load(block), kind)
