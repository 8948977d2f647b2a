"""Unknown words that are one slip of the pen away from a known one."""

from collections.abc import Iterable

SHORTEST = 7
"""Shorter words have too many neighbours."""


class Speller:
    """Finds the known word that differs by one letter left out, added, changed or two swapped.

    A word with several such neighbours, or a first letter that differs, is left alone: no guess
    is better than a wrong finding. Words that are opposites differ in more than one letter.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._known: dict[str, set[str]] = {}
        for word in words:
            if len(word) >= SHORTEST:
                for form in _forms(word):
                    self._known.setdefault(form, set()).add(word)
        self._cache: dict[str, str | None] = {}

    def correct(self, word: str) -> str | None:
        """The known word meant, or None."""
        if len(word) < SHORTEST or not word.isalpha():
            return None
        if word not in self._cache:
            if len(self._cache) > 50_000:
                self._cache.clear()
            self._cache[word] = self._search(word)
        return self._cache[word]

    def _search(self, word: str) -> str | None:
        near = {known for form in _forms(word) for known in self._known.get(form, ())}
        near = {known for known in near if known[0] == word[0] and _one_slip(word, known)}
        return near.pop() if len(near) == 1 else None


def _forms(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _one_slip(a: str, b: str) -> bool:
    """Whether two words are at Damerau-Levenshtein distance one."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        swapped = len(rest_a) > 1 and rest_a[1] + rest_a[0] + rest_a[2:] == rest_b
        return swapped or rest_a[1:] == rest_b[1:]
    return rest_a[1:] == rest_b if len(a) > len(b) else rest_a == rest_b[1:]
