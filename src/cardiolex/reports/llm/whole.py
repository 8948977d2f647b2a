"""Support in a text of several sentences, and the words that no mention covers."""

import re
from collections.abc import Sequence

from cardiolex.reports.entities_found import Span
from cardiolex.reports.llm.statements import spans_of
from cardiolex.reports.llm.support import Support
from cardiolex.reports.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W_]+")


class TextSupport:
    """Finds which sentence of a text supports an entity; words never join over a full stop."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._parts = [
            (start, Support(text[start:end], vocabulary)) for start, end in spans_of(text)
        ]
        self.everything: Span = _trimmed(text)

    def find(self, entity: str) -> Span | None:
        """Characters (start, end) in the text, of the first sentence that supports `entity`."""
        for place, support in self._parts:
            found = support.find(entity)
            if found is not None:
                return place + found[0], place + found[1]
        return None


def _trimmed(text: str) -> Span:
    """The text without spaces at its ends."""
    return len(text) - len(text.lstrip()), len(text.rstrip())


def rest_of(text: str, covered: Sequence[Span]) -> tuple[Span, ...]:
    """Runs of words that are in no covered span."""
    runs: list[Span] = []
    for word in _WORD.finditer(text):
        if any(start < word.end() and word.start() < end for start, end in covered):
            continue
        if runs and not _WORD.search(text, runs[-1][1], word.start()):
            runs[-1] = (runs[-1][0], word.end())
        else:
            runs.append(word.span())
    return tuple(runs)
