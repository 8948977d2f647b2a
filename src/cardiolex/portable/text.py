"""Query vectors of an exported model: the tokeniser and the graph of its text encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.portable.graphs import Graph

AT_ONCE = 16


class QueryText:
    """Texts to vectors as the checkpoint's own text encoder makes them."""

    def __init__(self, graph: Graph, tokenizer: Path, pooling: str, limit: int) -> None:
        """`pooling` is "cls" or "mean"; texts are cut to `limit` tokens."""
        from tokenizers import Tokenizer

        self._graph, self._pooling = graph, pooling
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # its errors have no class of their own
            raise CardiolexError(f"{tokenizer}: cannot be read ({error})") from error
        self._tokenizer.enable_truncation(limit)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (N, Dt); texts of equal length go through together, so that none is padded."""
        ids = [self._tokenizer.encode(text).ids for text in texts]
        lengths = np.array([len(one) for one in ids])
        rows: dict[int, NDArray[np.float32]] = {}
        for length in np.unique(lengths):
            same = np.flatnonzero(lengths == length)
            for part in np.array_split(same, -(-len(same) // AT_ONCE)):
                tokens = np.array([ids[row] for row in part], np.int64)
                hidden = self._graph(tokens=tokens)  # (n, length, Dt)
                pooled = hidden[:, 0] if self._pooling == "cls" else hidden.mean(axis=1)
                rows.update(zip(part.tolist(), pooled, strict=True))
        return np.stack([rows[row] for row in range(len(texts))])
