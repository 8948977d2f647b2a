"""Text -> tokens that keep their place: words in a common spelling, lead lists, numbers, breaks.

Texts and wordings of the lexicon go through the same steps, so that they meet in one spelling:
lower case, umlauts and "ae" alike, English singular, listed misspellings mended, and fixed pairs
folded into one word ("T wave" -> "t", "1st degree" -> "degree1").
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_LEAD = r"(?:v\s?[1-6](?!\d)|av[rlf]|iii|ii|i|111)"
_JOINT = r"(?:[,/+&–-]|\b(?:and|und|och|samt|or|to|bis)\b)"
_SEPARATOR = rf"(?:\s{{0,4}}{_JOINT}\s{{0,4}}(?:{_JOINT}\s{{0,4}})?|\s{{1,4}})"
_LIST = re.compile(
    rf"(?<![\w'])(?:{_LEAD}|(?<=[,\s])[lf](?=\s{{0,3}},))"
    rf"(?:{_SEPARATOR}(?:{_LEAD}|[lf](?![\w'.-])|[1-6](?![\w.:%°-]|\s?(?:mm|mv|ms|grad))))*(?![\w'])",
    re.IGNORECASE,
)
_LONE = re.compile(r"^(?:i|ii|iii|111)$", re.IGNORECASE)
_NO_LEAD_BEFORE = re.compile(
    r"(?:block|blk|type?|mobitz|grade?s?|deg\w*|degree|avb|lown|klasse|h|faktor)[\s.,(-]*$",
    re.IGNORECASE,
)
_LEAD_BEFORE = re.compile(
    r"(?:\bin|\banalysis|\bleads?|lead\(s\)|ableitung(?:en)?|über|ueber|\bt|\bq|neg\.?|flach|klein|\bp|och|v[1-6],)"
    r"[\s.:,-]*$",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,:]\d+)+(?![\w])|\d+(?![\w°])|[<>=±%]+)"
    r"|(?P<word>[^\W_]+(?:['’`][^\W\d_]*)?(?:\([a-zäöå]{1,2}\))?|°)"
    r"|(?P<mark>\+/-|[.,;:/+&?!()\-–*|\n])",
    re.IGNORECASE,
)
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "a", "ø": "oe"})
_ENDING = re.compile(r"\((?:s|es|n|en|a|er)\)$")
_SILENT = "()*!"
_KEEP_S = ("ss", "us", "is", "os", "as")
GAP = 3
"""So many blanks stand for the line break of a printed report."""


@dataclass(frozen=True)
class Token:
    """A word, lead list, number or mark; `norm` is its common spelling, `gap` a break before it."""

    norm: str
    start: int
    end: int
    kind: str  # word | leads | number | mark
    gap: bool = False


@lru_cache(maxsize=1 << 16)  # reports say the same words again and again
def fold(word: str) -> str:
    """One word in the common spelling, without regard to number."""
    word = unicodedata.normalize("NFKC", word).lower().translate(_LETTERS)
    word = _ENDING.sub("", word).replace("(", "").replace(")", "")
    word = re.sub(r"['’`]", "", word)
    return re.sub("ae|oe", "e", word)


def singular(word: str) -> str:
    """English plural off; short words and words in -ss, -us, -is stay."""
    if len(word) < 4 or word.endswith(_KEEP_S) or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("xes", "sses")) else word[:-1]


def _lead_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    for match in _LIST.finditer(text):
        before = text[: match.start()][-16:]
        listed = match.group()
        if _LONE.match(listed) and not _LEAD_BEFORE.search(before):
            continue
        if not re.search(r"[v1]|av[rlf]|i", listed, re.IGNORECASE):
            continue
        if _NO_LEAD_BEFORE.search(before) and listed[:1].lower() in "i1":
            continue
        spans.append(match.span())
    return spans


def raw_tokens(text: str) -> list[Token]:
    """Tokens before folding of pairs, without blanks and hyphens inside words."""
    tokens: list[Token] = []
    leads = iter([*_lead_spans(text), (len(text) + 1, 0)])
    lead_start, lead_end = next(leads)
    position = 0
    while position < len(text):
        if position >= lead_start:
            words = re.findall(r"[^\W_]+|-", text[lead_start:lead_end].lower())
            norm = " ".join(lead_names(words))
            tokens.append(Token(norm, lead_start, lead_end, "leads", _gap(text, lead_start)))
            position = lead_end
            lead_start, lead_end = next(leads)
            continue
        match = _TOKEN.search(text, position, min(lead_start, len(text)))
        if match is None:
            position = min(lead_start, len(text))
            continue
        token = _token(text, match)
        if token is not None:
            tokens.append(token)
        position = match.end()
    return tokens


def _gap(text: str, start: int) -> bool:
    before = text[max(0, start - GAP) : start]
    return "\n" in before or (len(before) == GAP and before.isspace())


def _token(text: str, match: "re.Match[str]") -> Token | None:
    kind = str(match.lastgroup)
    start, end = match.span()
    norm = match.group()
    if kind == "word":
        norm = singular(fold(norm))
        return Token(norm, start, end, kind, _gap(text, start)) if norm else None
    if kind == "mark":
        if norm in "-–" and not _free(text, start, end):
            return None
        if norm in _SILENT:
            return None
        if norm == "?" and _asks(text, start, end):
            return Token(_asks(text, start, end), start, end, "word", _gap(text, start))
        norm = {"–": "-", "&": "+", "|": ";", "\n": ";"}.get(norm, norm)
    return Token(norm, start, end, kind, _gap(text, start))


def _asks(text: str, start: int, end: int) -> str:
    """ "query" before its finding, "queried" after it; "" for a lost letter within a word."""
    before, after = text[start - 1 : start] if start else " ", text[end : end + 1]
    if before.isspace() or (before == "(" and after not in (")", "")):
        return "query"
    return "" if after.isalnum() or before == "?" else "queried"


def _free(text: str, start: int, end: int) -> bool:
    """Whether a dash stands between blanks, as a dash and not as a hyphen."""
    return (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())


def lead_names(words: Sequence[str]) -> list[str]:
    """Standard names of a list of leads, lower case; ranges spelt out: v4 - 6 -> v4 v5 v6."""
    names: list[str] = []
    order = ["i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6"]
    reach = False
    for word in words:
        if word in ("-", "to", "bis"):
            reach = True
            continue
        name = {"l": "avl", "f": "avf", "r": "avr", "111": "iii"}.get(word, word)
        name = f"v{name}" if name.isdigit() else name
        if name not in order:
            continue
        if reach and names and order.index(names[-1]) < order.index(name):
            names += order[order.index(names[-1]) + 1 : order.index(name)]
        reach = False
        if name not in names:
            names.append(name)
    return names


class Folding:
    """Spelling and fixed pairs of words, as listed in `wording.toml`."""

    def __init__(
        self,
        spelling: Mapping[str, str],
        pairs: Mapping[str, str],
        shorthand: Sequence[str],
    ) -> None:
        self.shorthand = {singular(fold(word)) for word in shorthand}
        self.spelling = {
            singular(fold(wrong)): [singular(fold(word)) for word in right.split()]
            for wrong, right in spelling.items()
        }
        self.pairs: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for words, word in pairs.items():
            parts = tuple(
                singular(fold(part)) if part.isalnum() else part for part in words.split()
            )
            self.pairs.setdefault(parts[0], []).append((parts, word))
        for options in self.pairs.values():
            options.sort(key=lambda option: -len(option[0]))

    def tokens(self, text: str) -> list[Token]:
        """The tokens of a text in the common spelling; a folded pair is one token."""
        spelt: list[Token] = []
        before = Token("", 0, 0, "mark")
        for token in raw_tokens(text):
            shortened = before.norm in self.shorthand and before.end == token.start
            before = token
            if token.norm == "." and shortened:
                continue
            right = self.spelling.get(token.norm) if token.kind == "word" else None
            if right is None:
                spelt.append(token)
                continue
            for number, word in enumerate(right):
                spelt.append(Token(word, token.start, token.end, "word", token.gap and number == 0))
        return self._fold(spelt)

    def _fold(self, tokens: list[Token]) -> list[Token]:
        folded: list[Token] = []
        place = 0
        while place < len(tokens):
            token = tokens[place]
            parts, words = self._pair(tokens, place)
            if parts:
                end = tokens[place + parts - 1].end
                for word in words:
                    folded.append(Token(word, token.start, end, "word", token.gap))
                    token = Token("", token.start, end, "word")
                place += parts
            else:
                folded.append(token)
                place += 1
        return folded

    def _pair(self, tokens: list[Token], place: int) -> tuple[int, list[str]]:
        for parts, word in self.pairs.get(tokens[place].norm, ()):
            window = tokens[place : place + len(parts)]
            if tuple(token.norm for token in window) == parts:
                return len(parts), word.split()
        return 0, []
