"""What a text itself says of an entity that a model names: support, and the rules' reading.

The rules extractor is the second witness. It knows wordings that only stand together in its
grammar, it knows a denial when it reads one, and it accounts for the words that are no finding.
"""

from functools import lru_cache
from typing import Literal

from cardiolex.reports.entities_found import Assertion, Extraction, Extractor, Span
from cardiolex.reports.extract import Rules
from cardiolex.reports.llm.whole import TextSupport
from cardiolex.reports.vocabulary import Vocabulary

Objection = Literal["unsupported", "denied by the text"]


class TextCheck:
    """Judges entities against one text (a statement, or a report of several)."""

    def __init__(self, text: str, vocabulary: Vocabulary, rules: Extractor) -> None:
        self._vocabulary = vocabulary
        self._support = TextSupport(text, vocabulary)
        self._read: Extraction = rules([text])[0]
        self.everything = self._support.everything

    def find(self, entity: str) -> Span | None:
        """Characters that support the entity, or None."""
        found = self._support.find(entity)
        if found is not None:
            return found
        name = self._vocabulary.resolve(entity)
        spans = [(m.start, m.end) for m in self._read.mentions if m.name == name]
        return spans[0] if spans else None

    def said(self, entity: str) -> Assertion | None:
        """How the rules read the finding; None where they do not see it."""
        name = self._vocabulary.resolve(entity)
        if name in self._read.present:
            return "present"
        if name in self._read.uncertain:
            return "uncertain"
        return "absent" if name in self._read.absent else None

    def objection(self, entity: str) -> Objection | None:
        """Why an entity cannot count as stated here, or None."""
        if self.find(entity) is None:
            return "unsupported"
        return "denied by the text" if self.said(entity) == "absent" else None


@lru_cache(maxsize=2)
def rules_for(vocabulary: Vocabulary) -> Rules:
    """The rules extractor of a vocabulary; made once, since that takes a second."""
    return Rules(vocabulary)
