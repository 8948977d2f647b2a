"""Words that a second phrase lends to a first: "left or right block", "Vorder- oder Hinterwand…".

What is left out is filled in before findings are looked for, with the place of the word that is
printed. It is filled in only where the whole is a finding that the lexicon knows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cardiolex.reports.rules.lexicon import Node
from cardiolex.reports.rules.tokens import Token, fold, singular

JOINTS = frozenset(
    ("or", "and", "nor", "und", "oder", "noch", "och", "eller", "samt", "sowie", "bzw", "/", ",")
)
_CALLING = JOINTS | {"than", "not", "nicht", "statt", "ej", "inte"}
"""Words before which or after which something may be left out."""
_TAKEN = frozenset(("entity", "subject", "pattern", "denied", "state", "or", "and"))
"""Roles of words that need nothing: they are findings, or take part in one by another rule."""
_BETWEEN = frozenset(("cue", "stop", "qualifier", "filler"))
_MOST_BETWEEN = 2
_DEGREES = {"first": "degree1", "second": "degree2", "third": "degree3"}
_SHORTEST_HEAD = 3
_LONGEST_BEFORE = 2

Longest = Callable[[Sequence[Token], int], tuple[Node | None, int]]


def may_lack(tokens: Sequence[Token]) -> bool:
    """Whether anything of a text can have been left out."""
    return any(token.norm in _CALLING for token in tokens)


def suspended(
    tokens: Sequence[Token], text: str, read: Callable[[str], Sequence[str]]
) -> list[Token]:
    """German and Swedish hyphens: "Vorder- oder Hinterwandinfarkt" -> "Vorderwandinfarkt oder …".

    `read` gives the known words that one word stands for, none where a part is unknown.
    """
    spelt = list(tokens)
    for place in range(len(spelt) - 3, -1, -1):
        first, joint, second = spelt[place : place + 3]
        hyphen = text[first.end : first.end + 1] == "-"
        if not hyphen or joint.norm not in JOINTS or second.kind != "word":
            continue
        head, whole = fold(text[first.start : first.end]), fold(text[second.start : second.end])
        words = _with_tail(head, whole, read) if head.isalpha() and whole.isalpha() else ()
        spelt[place : place + 1] = [replace(first, norm=word) for word in words] or [first]
    return spelt


def _with_tail(head: str, whole: str, read: Callable[[str], Sequence[str]]) -> Sequence[str]:
    """The head with the longest end of the other word that makes it a known one."""
    for cut in range(_SHORTEST_HEAD, len(whole) - _SHORTEST_HEAD):
        words = read(singular(head + whole[cut:]))
        if words:
            return words
    return ()


def completed(tokens: Sequence[Token], longest: Longest) -> list[Token]:
    """ "left or right atrial enlargement" -> "left atrial enlargement or right …"."""
    spelt = list(tokens)
    roles = _roles(spelt, longest)
    for place in range(len(spelt) - 2, 0, -1):
        if spelt[place].norm not in JOINTS or "phrase" in roles[place]:
            continue
        name, words = _finding(spelt, place + 1, longest)
        for count in range(min(_LONGEST_BEFORE, place), 0, -1):
            bare = spelt[place - count : place]
            if not all(_free(role) for role in roles[place - count : place]):
                continue
            whole = _filled(name, words, [token.norm for token in bare], longest)
            if whole:
                span = replace(bare[0], end=bare[-1].end)
                spelt[place - count : place] = [
                    replace(span, norm=word, gap=span.gap and not number)
                    for number, word in enumerate(whole)
                ]
                break
    return _endings(spelt, longest)


def _endings(tokens: list[Token], longest: Longest) -> list[Token]:
    """ "atrial flutter rather than fibrillation": one word stands for "atrial fibrillation"."""
    spelt: list[Token] = []
    finding: list[str] = []
    place = 0
    while place < len(tokens):
        node, length = longest(tokens, place)
        here = list(tokens[place : place + max(length, 1)])
        place += len(here)
        if _name(node):
            finding = [token.norm for token in here]
        elif node is None and here[0].kind == "word" and len(finding) > 1:
            whole = [*finding[:-1], here[0].norm]
            if _is_finding(whole, longest):
                here = [replace(here[0], norm=word, gap=False) for word in whole]
        elif here[0].norm in (".", ";"):
            finding = []
        spelt += here
    return spelt


def _is_finding(words: Sequence[str], longest: Longest) -> str:
    """The name of the finding that these words are, "" for none."""
    node, length = longest([Token(word, 0, 0, "word") for word in words], 0)
    return _name(node) if length == len(words) else ""


def _roles(tokens: Sequence[Token], longest: Longest) -> list[frozenset[str]]:
    """Roles of the phrase that holds each token, and whether it has other words, left to right."""
    roles: list[frozenset[str]] = []
    while len(roles) < len(tokens):
        node, length = longest(tokens, len(roles))
        held = frozenset(entry.role for entry in node.entries) if node is not None else frozenset()
        roles += [held if length < 2 else held | {"phrase"}] * max(length, 1)
    return roles


def _free(roles: Iterable[str]) -> bool:
    return not _TAKEN.intersection(roles)


def _finding(tokens: Sequence[Token], place: int, longest: Longest) -> tuple[str, list[str]]:
    """Name and words of the finding that starts at a place, perhaps after "but no", "few"."""
    for start in range(place, min(place + _MOST_BETWEEN + 1, len(tokens))):
        node, length = longest(tokens, start)
        name = _name(node)
        if name:
            return name, [token.norm for token in tokens[start : start + length]]
        roles = {entry.role for entry in node.entries} if node else set()
        if length != 1 or not roles or not roles <= _BETWEEN:
            break
    return "", []


def _name(node: Node | None) -> str:
    return next((e.value for e in node.entries if e.role == "entity"), "") if node else ""


def _filled(name: str, words: list[str], bare: list[str], longest: Longest) -> list[str]:
    """The bare words in the place of those they stand against; none if that is no other finding."""
    if not words or words[: len(bare)] == bare:
        return []
    bare = [_DEGREES.get(word, word) for word in bare]
    for start in range(len(words)):
        for dropped in (1, 2):
            tried = [*words[:start], *bare, *words[start + dropped :]]
            if start + dropped > len(words) or tried in (bare, words):
                continue
            if _is_finding(tried, longest) not in ("", name):
                return tried
    return []
