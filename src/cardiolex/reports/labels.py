"""Label matrices: found or coded findings of many records -> (N, Q), dense or sparse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.reports.vocabulary import Vocabulary


@dataclass(frozen=True)
class Findings:
    """What is known of one record: names present, names that may be present, names looked for.

    `judged` None means that everything in the vocabulary was looked for.
    """

    present: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    judged: frozenset[str] | None = None


def label_matrix(records: Iterable[Findings], vocabulary: Vocabulary) -> NDArray[np.float32]:
    """Labels, shape (N, Q): 1 present, 0 absent, NaN unknown or not looked for."""
    rows = [vocabulary.label_vector(r.present, r.unknown, r.judged) for r in records]
    return np.stack(rows) if rows else np.zeros((0, len(vocabulary)), dtype=np.float32)


@dataclass(frozen=True)
class SparseLabels:
    """Labels of N records as two lists of places each (CSR without values), for stores.

    `present` and `unknown` are (offsets (N + 1,) int64, places int32); absent is what is in
    neither. The vocabulary's fingerprint travels along, since a place means nothing without it.
    """

    present: tuple[NDArray[np.int64], NDArray[np.int32]]
    unknown: tuple[NDArray[np.int64], NDArray[np.int32]]
    fingerprint: str

    @classmethod
    def from_dense(cls, labels: NDArray[np.float32], vocabulary: Vocabulary) -> "SparseLabels":
        """From a (N, Q) matrix of 1, 0 and NaN."""
        if labels.ndim != 2 or labels.shape[1] != len(vocabulary):
            raise CardiolexError(
                f"labels have shape {labels.shape}, the vocabulary has {len(vocabulary)} names."
            )
        return cls(_places(labels == 1), _places(np.isnan(labels)), vocabulary.fingerprint)

    def __len__(self) -> int:
        return len(self.present[0]) - 1

    def dense(self, rows: Sequence[int], vocabulary: Vocabulary) -> NDArray[np.float32]:
        """The chosen rows as (len(rows), Q); refuses another vocabulary than it was made with."""
        if vocabulary.fingerprint != self.fingerprint:
            raise CardiolexError(
                f"labels were made with vocabulary {self.fingerprint}, not with "
                f"{vocabulary.fingerprint} ({vocabulary.source}). Extract the reports again."
            )
        labels = np.zeros((len(rows), len(vocabulary)), dtype=np.float32)
        for place, row in enumerate(rows):
            for (offsets, columns), value in ((self.present, 1.0), (self.unknown, np.nan)):
                labels[place, columns[offsets[row] : offsets[row + 1]]] = value
        return labels


def _places(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    offsets = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int64)
    return offsets, np.nonzero(mask)[1].astype(np.int32)


def findings_from_codes(
    codes: Mapping[str, float] | Iterable[str], system: str, vocabulary: Vocabulary
) -> Findings:
    """Findings of coded statements (PTB-XL's {"LVH": 100.0} or a list); unknown codes are skipped.

    A PTB-XL likelihood of 0 means "not stated", so every listed code counts as present.
    """
    names = {name for code in codes for name in vocabulary.from_code(system, str(code))}
    return Findings(present=frozenset(names))
