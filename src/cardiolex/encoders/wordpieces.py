"""A vocabulary of word pieces, learnt from texts in a way that gives the same pieces every time.

Byte-pair merging (Sennrich 2016, arXiv:1508.07909) with WordPiece's "##" marks for pieces that do
not begin a word. The trainer of `tokenizers` breaks ties by the order of a hash map, so two runs
differ in a few pieces and hence in every weight trained on them; here ties go by the alphabet.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

Pair = tuple[str, str]

_TIGHT = (
    (re.compile(r" ([.,;:!?%)\]])"), r"\1"),
    (re.compile(r"([(\[]) "), r"\1"),
    (re.compile(r"(?<=\w) ?([-/']) ?(?=\w)"), r"\1"),
    (re.compile(r"(?<=\d)([.:]) (?=\d)"), r"\1"),
)


def join_pieces(pieces: Iterable[str]) -> str:
    """Word pieces as readable text.

    WordPiece forgets where spaces were, so punctuation is set as reports have it: "st - t" becomes
    "st-t" and "0 . 2" becomes "0.2".
    """
    text = " ".join(pieces).replace(" ##", "").removeprefix("##")
    for pattern, written in _TIGHT:
        text = pattern.sub(written, text)
    return text


def learn_pieces(words: Iterable[str], size: int, min_count: int = 2) -> list[str]:
    """At most `size` pieces: the letters first, then merges, the most frequent first.

    `words` are normalised words with repeats. Letters of the shortest possible list are kept even
    if there are more than `size` of them, so that no word of the texts becomes unknown.
    """
    counts = sorted(Counter(word for word in words if word).items())
    spelt = [[word[0], *(f"##{letter}" for letter in word[1:])] for word, _ in counts]
    pieces = sorted({piece for word in spelt for piece in word})
    pairs, places = _count_pairs(spelt, [count for _, count in counts])
    known = set(pieces)
    while len(pieces) < size and pairs:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < min_count:
            break
        merged = best[0] + best[1].removeprefix("##")
        if merged not in known:
            pieces.append(merged)
            known.add(merged)
        for row in sorted(places.pop(best)):
            _add(spelt[row], row, -counts[row][1], pairs, places)
            spelt[row] = _merge(spelt[row], best, merged)
            _add(spelt[row], row, counts[row][1], pairs, places)
        pairs.pop(best, None)
    return pieces


def _count_pairs(
    spelt: list[list[str]], counts: list[int]
) -> tuple[Counter[Pair], defaultdict[Pair, set[int]]]:
    pairs: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for row, (word, count) in enumerate(zip(spelt, counts, strict=True)):
        _add(word, row, count, pairs, places)
    return pairs, places


def _add(
    word: list[str],
    row: int,
    count: int,
    pairs: Counter[Pair],
    places: defaultdict[Pair, set[int]],
) -> None:
    for pair in pairwise(word):
        pairs[pair] += count
        if count > 0:
            places[pair].add(row)
        elif pairs[pair] <= 0:
            del pairs[pair]


def _merge(word: list[str], pair: Pair, merged: str) -> list[str]:
    result: list[str] = []
    at = 0
    while at < len(word):
        if tuple(word[at : at + 2]) == pair:
            result.append(merged)
            at += 2
        else:
            result.append(word[at])
            at += 1
    return result
