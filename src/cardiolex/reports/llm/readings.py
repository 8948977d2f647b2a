"""The ways to read words that share something: "left and right atrial enlargement" holds two.

A reading is the text's tokens with the other half of a pair left out, so that what stands together
in a reading is what the writer said together. "Left axis deviation and right bundle branch block"
has no reading in which "left" stands before "bundle".
"""

import re
from collections.abc import Sequence

from cardiolex.reports.entities_found import Span
from cardiolex.reports.wording import key

Token = tuple[int, int, str]
"""Start, end, and the word as compared."""

_TOKEN = re.compile(r"[^\W_]+(?:['’.:-][^\W_]+)*|[<>°º]|[,;/&+]")
_JOINTS = frozenset({"and", "or", "und", "oder", "och", "eller", ",", "/", "&", "+"})
_PLACES = frozenset({"in", "i"})  # what follows holds for all that was joined before
MARKS = frozenset(",;/&+")
WIDEST = 12
"""Words that one finding may span, and words from a joint to the place that both sides share."""


def tokens_of(text: str) -> list[Token]:
    """Words and the marks that join or divide them."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        found.append((match.start(), match.end(), word if word in MARKS else key(word)))
    return found


def readings(tokens: Sequence[Token], contrasts: Sequence[Sequence[str]]) -> list[list[Token]]:
    """What can be read beside the text as it stands, each reading around the place left out.

    `contrasts` are groups of words that exclude one another.
    """
    groups = [frozenset(key(word) for word in group) for group in contrasts]
    found: list[list[Token]] = []
    for chain in _chains(tokens, groups):
        first, last = chain[0][0], chain[-1][1]
        before, after = tokens[max(0, first - WIDEST) : first], tokens[last : last + WIDEST]
        found += [[*before, *tokens[start:end], *after] for start, end in chain]
    for joint, place in _shared_places(tokens):
        before = tokens[max(0, joint - WIDEST) : joint]
        found.append([*before, *tokens[place : place + WIDEST]])
    return found


def _chains(tokens: Sequence[Token], groups: Sequence[frozenset[str]]) -> list[list[Span]]:
    """Places of alternatives joined to one another: [(0, 1), (2, 3)] for "left and right"."""
    chains: list[list[Span]] = []
    for group in groups:
        position = 0
        while position < len(tokens):
            chain = _chain_at(tokens, position, group)
            if len(chain) > 1:
                chains.append(chain)
            position = chain[-1][1] if chain else position + 1
    return chains


def _chain_at(tokens: Sequence[Token], position: int, group: frozenset[str]) -> list[Span]:
    chain: list[Span] = []
    while (end := _member(tokens, position, group)) is not None:
        chain.append((position, end))
        position = end
        while position < len(tokens) and tokens[position][2] in _JOINTS:
            position += 1
        if position == end:
            break
    return chain


def _member(tokens: Sequence[Token], position: int, group: frozenset[str]) -> int | None:
    """Where the member of the group that starts at `position` ends, or None; longest first."""
    for width in (2, 1):
        chosen = tokens[position : position + width]
        if len(chosen) == width and " ".join(word for _, _, word in chosen) in group:
            return position + width
    return None


def _shared_places(tokens: Sequence[Token]) -> list[Span]:
    """(joint, "in") pairs: "st depression and t wave inversion in anterior leads"."""
    return [
        (joint, place)
        for joint, (_, _, word) in enumerate(tokens)
        if word in _JOINTS
        for place in range(joint + 1, min(joint + WIDEST, len(tokens)))
        if tokens[place][2] in _PLACES and all(w != ";" for _, _, w in tokens[joint:place])
    ]
