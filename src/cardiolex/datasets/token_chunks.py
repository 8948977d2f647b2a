"""Texts as pieces of a language model: cut to length, split by their own content.

Shapes: N texts, W tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class TokenBatch:
    """`ids` (N, W), padded; what to attend to is `mask` (N, W)."""

    ids: Tensor
    mask: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: torch.device | str) -> TokenBatch:
        """The same batch on `device`."""
        return TokenBatch(self.ids.to(device), self.mask.to(device))


class TokenChunks:
    """`texts` in chunks of at most `tokens` pieces with their special tokens, nothing cut off."""

    def __init__(
        self, texts: Sequence[str], tokenizer: Any, tokens: int, block: int = 2048
    ) -> None:
        self.padding = int(tokenizer.pad_token_id)
        self.texts = len(texts)
        rows: list[NDArray[np.int32]] = []
        for first in range(0, len(texts), block):
            found = tokenizer(
                list(texts[first : first + block]),
                truncation=True,
                max_length=tokens,
                return_overflowing_tokens=True,
            )
            rows += [np.array(ids, np.int32) for ids in found["input_ids"]]
        self.ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
        self.flat = np.concatenate(rows) if rows else np.empty(0, np.int32)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> NDArray[np.int32]:
        first = self.ends[index - 1] if index else 0
        return self.flat[first : self.ends[index]]

    def head(self, count: int) -> TokenChunks:
        """The first `count` chunks."""
        part = copy(self)
        part.ends = self.ends[:count]
        part.flat = self.flat[: part.ends[-1]] if len(part.ends) else self.flat[:0]
        return part

    def collate(self, rows: Sequence[NDArray[np.int32]]) -> TokenBatch:
        """Pad to the longest."""
        width = max(len(row) for row in rows)
        ids = torch.full((len(rows), width), self.padding)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.from_numpy(row.astype(np.int64))
            mask[i, : len(row)] = 1
        return TokenBatch(ids, mask)


def split_texts(texts: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Texts to train on and texts held out: about `share`, chosen by what they say.

    Case and spaces do not count, so the same words are never on both sides.
    """
    sides: tuple[list[str], list[str]] = ([], [])
    for text in texts:
        digest = hashlib.blake2b(" ".join(text.lower().split()).encode(), digest_size=8).digest()
        sides[int.from_bytes(digest, "big") / 2**64 < share].append(text)
    return sides
