"""Whether a text supports an entity: its words, or a synonym the vocabulary knows, stand there."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from cardiolex.reports.entities_found import Span
from cardiolex.reports.llm.readings import MARKS, WIDEST, Token, readings, tokens_of
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.reports.wording import bag, key

_DIVIDERS = frozenset(",;")
_NO_ABBREVIATIONS = frozenset({"be", "at", "as", "in", "is", "it", "no", "on", "or", "so"})


class Support:
    """Finds where one statement (not a longer text) supports an entity."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary

    def find(self, entity: str) -> Span | None:
        """Characters (start, end) of the words that support `entity`, or None.

        Sought are, in this order, the entity's words as they stand; a wording, in any language, of
        the vocabulary's entity that it resolves to; the same words in another order. "Together"
        means in one reading of the text (see `readings`).
        """
        asked = [entity, self.vocabulary.expand(entity)]
        return self._as_it_stands(asked) or self._by_synonym(entity) or self._reordered(asked)

    def _as_it_stands(self, wordings: Iterable[str]) -> Span | None:
        return next((s for w in wordings if key(w) and (s := self._ordered.get(key(w)))), None)

    def _reordered(self, wordings: Iterable[str]) -> Span | None:
        return next((s for w in wordings if (s := self._bags.get(bag(w)))), None)

    def _by_synonym(self, entity: str) -> Span | None:
        name = self.vocabulary.resolve(entity)
        if name is None:
            return None
        return next(
            (span for span in self._names.get(name, ()) if not self._taken(span, name)), None
        )

    def _taken(self, span: Span, name: str) -> bool:
        """Whether a synonym at `span` is but a part of another finding: "normal" of "normal axis".

        A part of a narrower finding is not taken: "infarct" of "inferior infarct".
        """
        for longer, spans in self._names.items():
            if longer == name or name in self.vocabulary.ancestors(longer):
                continue
            if any(s <= span[0] and span[1] <= e and (s, e) != span for s, e in spans):
                return True
        return False

    @cached_property
    def _windows(self) -> dict[tuple[Span, ...], tuple[str, Span]]:
        """Places of words that stand together in a reading -> those words, and where they stand."""
        tokens = tokens_of(self.text)
        found: dict[tuple[Span, ...], tuple[str, Span]] = {}
        for reading in (tokens, *readings(tokens, self.vocabulary.contrasts)):
            for chosen in _together(reading):
                places = tuple((start, end) for start, end, _ in chosen)
                if places not in found:
                    words = " ".join(self.text[start:end] for start, end in places)
                    span = min(s for s, _ in places), max(e for _, e in places)
                    found[places] = words, span
        return found

    @cached_property
    def _ordered(self) -> dict[str, Span]:
        """Keys of all windows."""
        found: dict[str, Span] = {}
        for words, span in self._windows.values():
            found.setdefault(key(words), span)
        return found

    @cached_property
    def _free(self) -> dict[str, Span]:
        """Windows whose words may be taken in any order: nothing but commas between them."""
        found: dict[str, Span] = {}
        for words, span in self._windows.values():
            if not (MARKS - _DIVIDERS).intersection(words.split()):
                found.setdefault(words, span)
        return found

    @cached_property
    def _names(self) -> dict[str, list[Span]]:
        """The vocabulary's names -> where wordings of them stand, the longest first."""
        found: dict[str, list[Span]] = {}
        for words, span in self._free.items():
            name = None if words in _NO_ABBREVIATIONS else self.vocabulary.resolve(words)
            if name is not None:
                found.setdefault(name, []).append(span)
        return {name: sorted(spans, key=lambda s: s[0] - s[1]) for name, spans in found.items()}

    @cached_property
    def _bags(self) -> dict[tuple[str, ...], Span]:
        found: dict[tuple[str, ...], Span] = {}
        for words, span in self._free.items():
            found.setdefault(bag(words), span)
        found.pop((), None)
        return found


def _together(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Runs of up to `WIDEST` tokens. One that goes over a comma holds whole parts only.

    So "axis deviation, right" is read where it stands alone, and not in "left axis deviation,
    right bundle branch block".
    """
    count = len(tokens)
    starts = {0, *(i + 1 for i in range(count) if tokens[i][2] in _DIVIDERS)}
    ends = {count - 1, *(i - 1 for i in range(count) if tokens[i][2] in _DIVIDERS)}
    for first in range(count):
        if tokens[first][2] in MARKS:
            continue
        divided = False
        for last in range(first, min(first + WIDEST, count)):
            divided = divided or tokens[last][2] in _DIVIDERS
            if tokens[last][2] in MARKS or (divided and not (first in starts and last in ends)):
                continue
            yield tokens[first : last + 1]
