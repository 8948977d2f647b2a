"""Labels of a table of reports: records x findings, present, unknown or absent; kept sparse."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
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
        """Read labels.npz; CardiolexError if it is something else."""
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
