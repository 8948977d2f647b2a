"""Whether a text supports an entity: its words, or a synonym the vocabulary knows, stand there."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from cardiolex.reports.entities_found import Span
from cardiolex.reports.llm.readings import MARKS, readings
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.reports.wording import bag, key

_WIDEST = 12  # words of a text that one entity may span


class Support:
    """Finds where one statement (not a longer text) supports an entity."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self._by_key: dict[str, Span] = {}
        self._by_bag: dict[tuple[str, ...], Span] = {}
        for words, span in _windows(text, vocabulary):
            self._by_key.setdefault(key(words), span)
            if not MARKS.intersection(words.split()):
                self._by_bag.setdefault(bag(words), span)
        self._by_bag.pop((), None)

    def find(self, entity: str) -> Span | None:
        """Characters (start, end) of the words that support `entity`, or None.

        Sought are, in this order, the entity's words as they stand; a wording, in any language, of
        the vocabulary's entity that it resolves to; the same words in another order. "Together"
        means in one reading of the text (see `readings`).
        """
        asked = [entity, self.vocabulary.expand(entity)]
        return self._as_it_stands(asked) or self._by_synonym(entity) or self._reordered(asked)

    def _as_it_stands(self, wordings: Iterable[str]) -> Span | None:
        return next((s for w in wordings if key(w) and (s := self._by_key.get(key(w)))), None)

    def _reordered(self, wordings: Iterable[str]) -> Span | None:
        return next((s for w in wordings if (s := self._by_bag.get(bag(w)))), None)

    def _by_synonym(self, entity: str) -> Span | None:
        name = self.vocabulary.resolve(entity)
        if name is None:
            return None
        known = _wording_keys(self.vocabulary, name)
        spans = [span for window, span in self._by_key.items() if window in known]
        if not spans:
            resolve = self.vocabulary.resolve
            spans = [s for window, s in self._by_key.items() if resolve(window) == name][:1]
        return max(spans, key=lambda span: span[1] - span[0], default=None)


def _windows(text: str, vocabulary: Vocabulary) -> Iterator[tuple[str, Span]]:
    """Up to `_WIDEST` tokens of every reading that stand together, as written, with their place."""
    seen: set[tuple[Span, ...]] = set()
    for tokens in readings(text, vocabulary.contrasts):
        places = [(start, end) for start, end, _ in tokens]
        for first in range(len(tokens)):
            if tokens[first][2] in MARKS:
                continue
            for last in range(first, min(first + _WIDEST, len(tokens))):
                chosen = tuple(places[first : last + 1])
                if tokens[last][2] == ";":
                    break
                if tokens[last][2] not in MARKS and chosen not in seen:
                    seen.add(chosen)
                    words = " ".join(text[start:end] for start, end in chosen)
                    yield words, (min(s for s, _ in chosen), max(e for _, e in chosen))


@lru_cache(maxsize=4096)
def _wording_keys(vocabulary: Vocabulary, name: str) -> frozenset[str]:
    return frozenset(key(wording) for wording in vocabulary[name].wordings)
