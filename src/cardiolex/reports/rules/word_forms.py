"""Unknown words that are forms or compounds of known ones: "ventrikulären", "Vorderwandinfarkt".

German and Swedish inflect adjectives and nouns and write compounds as one word. What the tables
do not list is read by its ending or by its parts; a word with an unknown part is left alone.
"""

from collections.abc import Collection, Mapping, Sequence

_ENDINGS = ("erna", "arna", "orna", "ingen", "ern", "en", "er", "es", "em", "et", "ar", "or",
            "na", "e", "n", "s", "t", "a")  # fmt: skip
_RESTORED = ("", "e", "er", "a")
_LINKS = ("", "s", "es", "n", "en", "e")
_SHORTEST_STEM = 5
_SHORTEST_PART = 4
_LAST_FIRST = {"verdacht": ("verdacht", "auf"), "misstanke": ("misstanke", "om")}
_SILENT_TAILS = ("zeichen", "tecken", "kriterien", "kriterium", "typisch", "typische", "bild",
                 "bilder", "muster", "bedingt", "bedingte")  # fmt: skip


class WordForms:
    """Reads unknown words by ending and by parts.

    `words`: the words of the lexicon; `parts`: those that may be part of a compound; `spelling`:
    variants -> the words they stand for.
    """

    def __init__(
        self,
        words: Collection[str],
        parts: Collection[str],
        spelling: Mapping[str, Sequence[str]],
    ) -> None:
        self._words = words
        self._parts = parts
        self._spelling = spelling
        self._cache: dict[str, tuple[str, ...]] = {}

    def read(self, word: str) -> tuple[str, ...]:
        """The known words an unknown word stands for, in reading order; empty for none."""
        if word not in self._cache:
            if len(self._cache) > 50_000:
                self._cache.clear()
            self._cache[word] = self._uninflected(word) or self._compound(word)
        return self._cache[word]

    def _known(self, word: str) -> tuple[str, ...]:
        if word in self._spelling:
            return tuple(self._spelling[word])
        return (word,) if word in self._words else ()

    def _uninflected(self, word: str) -> tuple[str, ...]:
        for ending in _ENDINGS:
            stem = word.removesuffix(ending)
            if stem == word or len(stem) < _SHORTEST_STEM:
                continue
            for restored in _RESTORED:
                known = self._known(stem + restored)
                if known and known != (word,):
                    return known
        return ()

    def _part(self, word: str) -> tuple[str, ...]:
        """A word that may stand in a compound, with its ending or link."""
        for link in _LINKS:
            stem = word.removesuffix(link) if link else word
            if (link and stem == word) or len(stem) < _SHORTEST_PART:
                continue
            for restored in ("", "e"):
                whole = stem + restored
                known = tuple(self._spelling.get(whole, ())) or (whole,)
                if all(part in self._parts for part in known):
                    return known
        return ()

    def _compound(self, word: str) -> tuple[str, ...]:
        for tail in _SILENT_TAILS:
            if word.endswith(tail) and len(word) > len(tail) + _SHORTEST_PART - 1:
                head = word.removesuffix(tail)
                return self._part(head) or self._known(head) or self._split(head)
        for tail, cue in _LAST_FIRST.items():
            head = word.removesuffix(tail)
            if head != word:
                known = self._part(head) or self._split(head)
                return (*cue, *known) if known else ()
        return self._split(word)

    def _split(self, word: str) -> tuple[str, ...]:
        for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
            first = self._part(word[:cut])
            rest = (self._part(word[cut:]) or self._split(word[cut:])) if first else ()
            if rest:
                return (*first, *rest)
        return ()
