"""Text vectors on disk, computed once. Keyed by encoder, pooling and text."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.encoders.text import Pooling, TextEncoder
from cardiolex.files import atomic_write


class TextEmbeddingCache:
    """A text encoder that remembers; itself a `TextEncoder`.

    Vectors lie in `folder`/fingerprint-pooling/ as pairs NAME.npy (n, Dt) float32 and
    NAME.keys.npy (n,) uint64. The keys are written last and both by renaming, so a kill loses the
    chunk in work and nothing else; several processes may write at a time.
    """

    def __init__(self, encoder: TextEncoder, folder: str | Path, chunk: int = 4096) -> None:
        self.encoder, self.folder, self.chunk = encoder, Path(folder), chunk
        self._tables: dict[Pooling, _Table] = {}

    @property
    def name(self) -> str:
        """Name of the encoder behind."""
        return self.encoder.name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.encoder.dim

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the encoder behind."""
        return self.encoder.fingerprint

    def encode(self, texts: Sequence[str], pooling: Pooling) -> Tensor:
        """(N, Dt) float32; what is missing is computed in chunks and kept."""
        table = self._table(pooling)
        keys = np.array([_key(text) for text in texts], dtype=np.uint64)
        missing = {int(keys[i]): texts[i] for i in np.flatnonzero(table.find(keys) < 0).tolist()}
        items = list(missing.items())
        for first in range(0, len(items), self.chunk):
            part = items[first : first + self.chunk]
            vectors = self.encoder.encode([text for _, text in part], pooling)
            table.append(np.array([key for key, _ in part], np.uint64), vectors.numpy())
        return torch.from_numpy(table.rows(table.find(keys)))

    def _table(self, pooling: Pooling) -> _Table:
        if pooling not in self._tables:
            self._tables[pooling] = _Table(
                self.folder / f"{self.fingerprint}-{pooling}", self.encoder.dim
            )
        return self._tables[pooling]


class _Table:
    """Vectors of one encoder and pooling: sorted keys, and where each vector lies."""

    def __init__(self, folder: Path, dim: int) -> None:
        self.folder, self.dim = folder, dim
        self.shards: list[NDArray[np.float32]] = []
        self.keys = np.empty(0, np.uint64)
        self.places = np.empty((0, 2), np.int64)  # shard, row
        for path in sorted(folder.glob("*.keys.npy")):
            vectors = path.with_name(path.name.replace(".keys.npy", ".npy"))
            self._add(np.load(path), np.load(vectors, mmap_mode="r"))

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Position of each key among the known ones, -1 where unknown."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        at = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)

    def rows(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors (n, Dt) at positions given by `find`."""
        result = np.empty((len(positions), self.dim), np.float32)
        places = self.places[positions]
        for shard in np.unique(places[:, 0]):
            mine = np.flatnonzero(places[:, 0] == shard)
            result[mine] = self.shards[shard][places[mine, 1]]
        return result

    def append(self, keys: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        """Keep new vectors on disk and in mind."""
        name = uuid.uuid4().hex
        with atomic_write(self.folder / f"{name}.npy") as path:
            np.save(path, vectors)
        with atomic_write(self.folder / f"{name}.keys.npy") as path:
            np.save(path, keys)
        self._add(keys, np.load(self.folder / f"{name}.npy", mmap_mode="r"))

    def _add(self, keys: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        rows = np.stack([np.full(len(keys), len(self.shards)), np.arange(len(keys))], axis=1)
        self.shards.append(vectors)
        merged, first = np.unique(np.concatenate([self.keys, keys]), return_index=True)
        self.places = np.concatenate([self.places, rows])[first]
        self.keys = merged


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
