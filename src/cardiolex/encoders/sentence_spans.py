"""Which tokens make up which sentence, from character offsets.

N texts, S sentences, W tokens with one special token in front.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from cardiolex.reports.clean import split_sentences


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Characters [start, end) of each sentence; its stop and the space after belong to it.

    Pieces without a letter or digit are no sentences.
    """
    starts = []
    position = 0
    for part in split_sentences(text):
        if any(character.isalnum() for character in part):
            start = text.index(part, position)
            starts.append(start)
            position = start + len(part)
    return list(pairwise([*starts, len(text)]))


def sentence_weights(
    texts: Sequence[str], offsets: Sequence[Sequence[tuple[int, int]]], width: int
) -> Tensor:
    """(N, S, W): rows that average a sentence's tokens, zero where there is no such sentence.

    `offsets` are the characters of each text's tokens, of which the first is token 1 of W.
    Sentences that were cut off take no row, so rows are filled from the front; S >= 1.
    """
    members = [_members(text, tokens) for text, tokens in zip(texts, offsets, strict=True)]
    most = max((len(sentences) for sentences in members), default=0)
    weights = torch.zeros(len(texts), max(1, most), width)
    for row, sentences in enumerate(members):
        for place, tokens in enumerate(sentences):
            weights[row, place, tokens] = 1 / len(tokens)
    return weights


def _members(text: str, offsets: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Tokens of each sentence that has any."""
    found: list[list[int]] = []
    token = 0
    for _, end in sentence_spans(text):
        tokens = []
        while token < len(offsets) and offsets[token][0] < end:
            tokens.append(token + 1)
            token += 1
        if tokens:
            found.append(tokens)
    return found
