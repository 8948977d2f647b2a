"""Text -> atoms: the longest known phrases from left to right, and what role each can play."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cardiolex.reports.rules.ellipsis import completed, may_lack, suspended
from cardiolex.reports.rules.lexicon import Lexicon, Node
from cardiolex.reports.rules.spelling import SHORTEST, Speller
from cardiolex.reports.rules.tokens import Token
from cardiolex.reports.rules.word_forms import WordForms

STOP_MARKS = (".", ";")


@dataclass(frozen=True, slots=True)
class Atom:
    """A phrase of the text with every role it may play, a lead list, a number, a mark.

    `roles` maps a role (entity, subject, state, cue, place, age …) to its value. `gap`: printed
    after a line break. `languages`: the languages in which the phrase is listed.
    """

    text: str
    start: int
    end: int
    roles: dict[str, Any]
    gap: bool = False
    languages: frozenset[str] = frozenset()
    closes: bool = False

    def is_(self, *roles: str) -> bool:
        """Whether the atom can play one of these roles."""
        return any(role in self.roles for role in roles)

    @property
    def ends_sentence(self) -> bool:
        """Full stop or semicolon."""
        return self.text in STOP_MARKS and "mark" in self.roles


class Matcher:
    """Finds the phrases of a lexicon; the longest one that starts at a word wins."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.speller = Speller(lexicon.words)
        self.forms = WordForms(lexicon.words, lexicon.parts, lexicon.folding.spelling)
        table = lexicon.tables["non_findings"]
        self._silent = re.compile(
            "|".join((*table["tails"], *table["passages"])), re.IGNORECASE | re.DOTALL
        )

    def atoms(self, text: str) -> list[Atom]:
        """All atoms of a text, in order; blanks and ornament belong to none."""
        found: list[Atom] = []
        position = 0
        for match in self._silent.finditer(text):
            if match.end() > match.start():
                found += self._read(text, position, match.start())
                found.append(Atom(match.group(), *match.span(), {"passage": ""}))
                position = match.end()
        return found + list(self._read(text, position, len(text)))

    def _read(self, text: str, start: int, end: int) -> Iterator[Atom]:
        if start >= end:
            return
        tokens = self.lexicon.folding.tokens(text[start:end])
        lacking = may_lack(tokens)
        if lacking:
            tokens = suspended(tokens, text[start:end], self._words)
        tokens = [right for token in tokens for right in self._spell(token)]
        if lacking:
            tokens = completed(tokens, self._longest)
        place = 0
        while place < len(tokens):
            node, length = self._longest(tokens, place)
            if node is None and tokens[place].kind == "word":
                tokens[place : place + 1] = self._in_parts(tokens[place])
                node, length = self._longest(tokens, place)
            chosen = tokens[place : place + max(length, 1)]
            yield _atom(chosen, node, start, closes=_closes(text, chosen[-1].end + start))
            place += max(length, 1)

    def _spell(self, token: Token) -> list[Token]:
        """An unknown word as the known ones it is a form, a slip or a compound of."""
        if token.kind != "word" or token.norm in self.lexicon.words:
            return [token]
        if not token.norm.isalpha():
            whole = token.norm.rstrip("0123456789")  # "(nicht signifikant9": a slip for ")"
            known = len(whole) >= SHORTEST and whole in self.lexicon.words
            return [replace(token, norm=whole)] if known else [token]
        slip = self.speller.correct(token.norm)
        if slip is None:
            return self._in_parts(token)
        return [Token(slip, token.start, token.end, token.kind, token.gap)]

    def _words(self, word: str) -> list[str]:
        """The known words that one word stands for; none where a part of it is unknown."""
        tokens = [t for token in self.lexicon.folding.tokens(word) for t in self._spell(token)]
        known = all(token.norm in self.lexicon.words for token in tokens)
        return [token.norm for token in tokens] if known else []

    def _in_parts(self, token: Token) -> list[Token]:
        """A word that says nothing by itself, as the known words it is made of."""
        return [
            Token(word, token.start, token.end, token.kind, token.gap and number == 0)
            for number, word in enumerate(self.forms.read(token.norm))
        ] or [token]

    def _longest(self, tokens: Sequence[Token], place: int) -> tuple[Node | None, int]:
        node: Node | None = self.lexicon.root
        best, length = None, 0
        for count, token in enumerate(tokens[place:], start=1):
            node = node.next.get(token.norm) if node is not None else None
            if node is None:
                break
            if node.entries:
                best, length = node, count
        return best, length


def _closes(text: str, end: int) -> bool:
    """Whether a bracket that stands for itself closes here: "(fragl. resp.)", not "PVC(s)"."""
    rest = text[end : end + 2].lstrip(".")
    if not rest.startswith(")"):
        return False
    opening = text.rfind("(", 0, end)
    return opening <= 0 or not text[opening - 1].isalnum()


def _atom(tokens: list[Token], node: Node | None, offset: int, *, closes: bool) -> Atom:
    first, last = tokens[0], tokens[-1]
    text = " ".join(token.norm for token in tokens)
    start, end = first.start + offset, last.end + offset
    if node is not None:
        roles = {entry.role: entry.value for entry in node.entries}
        languages = frozenset(entry.language for entry in node.entries)
        if first.kind == "leads" and len(tokens) == 1:
            roles["leads"] = first.norm.split()
        return Atom(text, start, end, roles, first.gap, languages, closes)
    if first.kind == "leads":
        return Atom(text, start, end, {"leads": first.norm.split()}, first.gap, closes=closes)
    role = {"mark": "mark", "number": "number"}.get(first.kind, "unknown")
    return Atom(text, start, end, {role: text}, first.gap, closes=closes)
