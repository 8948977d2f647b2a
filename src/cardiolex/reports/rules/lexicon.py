"""All wordings the rules know, from the vocabulary and the four tables beside this file."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.reports.rules.cues import Cue
from cardiolex.reports.rules.tokens import Folding
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.reports.wording import alternatives

TABLES = ("wording", "states", "assertion", "qualifiers", "non_findings")
LANGUAGES = {"english": "en", "german": "de", "swedish": "sv"}


@dataclass(frozen=True)
class Entry:
    """What a phrase is: its role, the value of that role, the language it was listed under."""

    role: str
    value: Any
    language: str = ""


_SMALL = {"in", "the", "of", "lead", "wall", "wave", ",", "and", ":", "old", "previous", "prior",
          "remote", "acute", "recent", "fresh", "evolving"}  # fmt: skip


_OF_COMPOUNDS = ("entity", "subject", "state", "place", "site", "age")
"""Roles whose words may be parts of a compound."""


class Node:
    """A node of the phrase tree: the words that may follow, and the entry that ends here."""

    __slots__ = ("entries", "next")

    def __init__(self) -> None:
        self.next: dict[str, Node] = {}
        self.entries: list[Entry] = []


class Lexicon:
    """Phrases as a tree of words, and the grammar tables. Built once, then only read.

    `folder` holds the five tables as .toml files; the bundled ones by default.
    """

    def __init__(self, vocabulary: Vocabulary | None = None, folder: Path | None = None) -> None:
        self.vocabulary = vocabulary or Vocabulary.load()
        self.folder = folder or Path(__file__).parent
        self.tables = {name: _read(self.folder / f"{name}.toml") for name in TABLES}
        wording = self.tables["wording"]
        self.folding = Folding(wording["spelling"], wording["pairs"], wording["shorthand"])
        self._keys: dict[str, tuple[str, ...]] = {}
        self.root = Node()
        self.words: set[str] = set()
        self.parts: set[str] = set()
        for phrase, entry in self._phrases():
            self._add(phrase, entry)
        self._keys.clear()

    def key(self, phrase: str) -> tuple[str, ...]:
        """The words of a wording as they are looked up; many a wording is asked for thrice."""
        known = self._keys.get(phrase)
        if known is None:
            known = tuple(token.norm for token in self.folding.tokens(phrase))
            self._keys[phrase] = known
        return known

    def _add(self, phrase: str, entry: Entry) -> None:
        node = self.root
        words = self.key(phrase)
        if not words:
            raise CardiolexError(f"{self.folder}: the wording '{phrase}' holds no word. Remove it.")
        for word in words:
            node = node.next.setdefault(word, Node())
            if word.isalpha():
                self.words.add(word)
                if entry.role in _OF_COMPOUNDS:
                    self.parts.add(word)
        if entry.role not in {known.role for known in node.entries}:
            node.entries.append(entry)

    # ------------------------------------------------------------ where phrases come from
    def _phrases(self) -> Iterator[tuple[str, Entry]]:
        """Earlier ones win where a wording stands in several places."""
        yield from self._states()
        yield from self._denials()
        yield from self._cues()
        yield from self._entities()
        yield from self._qualifiers()
        yield from self._fillers()

    def _states(self) -> Iterator[tuple[str, Entry]]:
        for role, table in (("subject", "subjects"), ("state", "states")):
            for name, wordings in self.tables["states"][table].items():
                yield from _spelt(wordings, Entry(role, name))

    def _denials(self) -> Iterator[tuple[str, Entry]]:
        for name, wordings in self.tables["assertion"]["denials"].items():
            yield from _spelt(wordings, Entry("denied", name))
        for name, wordings in self.tables["states"]["patterns"].items():
            yield from _spelt(wordings, Entry("pattern", name))

    def _cues(self) -> Iterator[tuple[str, Entry]]:
        table = self.tables["assertion"]
        for row in table["cue"]:
            cue = Cue.from_row(row, str(self.folder / "assertion.toml"))
            yield from _by_language(row, "cue", cue)
        for role, name in (("stop", "stops"), ("or", "alternatives"), ("and", "joins")):
            yield from _by_language(table[name], role, name)

    def _entities(self) -> Iterator[tuple[str, Entry]]:
        listed = self.tables["wording"]["not_in_text"]
        left_out = {self.key(reading) for text in listed for reading in alternatives(text)}
        hedges = set(self.tables["wording"]["not_in_text_with"])
        for entity in self.vocabulary.entities:
            sources = (
                (entity.english, ""),
                (entity.abbreviations, ""),
                (entity.german, "de"),
                (entity.swedish, "sv"),
            )
            for wordings, language in sources:
                for text, entry in _spelt(wordings, Entry("entity", entity.name, language)):
                    words = self.key(text)
                    if words in left_out or hedges.intersection(words):
                        continue
                    if not self._composed(entity.name, words):
                        yield text, entry

    def _composed(self, name: str, words: tuple[str, ...]) -> bool:
        """Whether a wording is a place and a wording of the finding without place.

        Such wordings are read word by word, so that "inferior and anterior ST-T changes are
        nonspecific" is understood like "ST-T changes".
        """
        if name not in self.place_of:
            return False
        text = " " + " ".join(words) + " "
        base, _ = self.place_of[name]
        for place in sorted(self._place_words, key=len, reverse=True):
            if f" {place} " in text:
                rest = text.replace(f" {place} ", "  ").split()
                allowed = self._wording_words(base) | _SMALL
                return bool(rest) and set(rest) <= allowed and not set(rest) <= _SMALL
        return False

    @cached_property
    def _place_words(self) -> frozenset[str]:
        table = self.tables["qualifiers"]["places"]
        return frozenset(" ".join(self.key(w)) for row in table.values() for w in row)

    def _wording_words(self, name: str) -> set[str]:
        wordings = self.vocabulary[name].english
        return {word for wording in wordings for word in self.key(wording)}

    def _qualifiers(self) -> Iterator[tuple[str, Entry]]:
        table = self.tables["qualifiers"]
        for role, name in (
            ("place", "places"),
            ("site", "sites"),
            ("age", "ages"),
            ("rate", "rates"),
            ("kind", "kinds"),
        ):
            for value, wordings in table[name].items():
                yield from _spelt(wordings, Entry(role, value))
        yield from _by_language(table["doubtful_ages"], "doubtful age", "")
        yield from _by_language(table["other"], "qualifier", "")

    def _fillers(self) -> Iterator[tuple[str, Entry]]:
        yield from _by_language(self.tables["non_findings"]["fillers"], "filler", "")

    # ------------------------------------------------------------ grammar
    @cached_property
    def in_language(self) -> Mapping[str, Mapping[str, str]]:
        """language -> abbreviation -> what it means there: German "LAE" is an embolism."""
        return {
            language: {" ".join(self.key(short)): name for short, name in row.items()}
            for language, row in self.tables["wording"]["in_language"].items()
        }

    @cached_property
    def says(self) -> Mapping[tuple[str, str], str]:
        """(subject, state) -> name of the finding, "" where there is none."""
        return {
            (subject, state): name
            for subject, states in self.tables["states"]["says"].items()
            for state, name in states.items()
        }

    @cached_property
    def subject_of(self) -> Mapping[str, str]:
        """Name of a finding -> the thing it is a state of."""
        return {name: subject for (subject, _), name in reversed(list(self.says.items())) if name}

    @cached_property
    def weak(self) -> frozenset[str]:
        """Findings that only say that something is abnormal, and give way to a closer word."""
        weak = {name for (_, state), name in self.says.items() if state == "abnormal"}
        return frozenset(weak - {name for (_, state), name in self.says.items() if state == "poor"})

    @property
    def named(self) -> Mapping[str, str]:
        """Things that are a finding when they are only named: q -> abnormal q wave."""
        return dict(self.tables["states"]["named"])

    @cached_property
    def denied_thing(self) -> Mapping[tuple[str, str], str]:
        """(finding, the bare thing it was named by) -> what its denial denies."""
        rows = self.tables["states"]["named_denied"].items()
        return {(self.named[thing], thing): name for thing, name in rows}

    @cached_property
    def together(self) -> Mapping[tuple[str, str], str]:
        """(finding, word) -> the more specific finding."""
        rows = self.tables["states"]["together"]
        return {(row["finding"], row["with"]): row["gives"] for row in rows}

    def without_age(self, name: str) -> str:
        """The finding at any age: old myocardial infarction -> myocardial infarction."""
        for (base, word), gives in self.together.items():
            if gives == name and word in self.tables["qualifiers"]["ages"]:
                return base
        return name

    @cached_property
    def follows(self) -> Mapping[tuple[str, str], str]:
        """(pattern, beats named before it) -> the pattern of these beats."""
        rows = self.tables["states"]["follows"]
        return {(row["finding"], row["after"]): row["gives"] for row in rows}

    def pattern(self, name: str, beats: Sequence[str]) -> str:
        """The name of a pattern of beats after the beats named before it."""
        for before in reversed(beats):
            if (name, before) in self.follows:
                return self.follows[name, before]
        return name if name in self.vocabulary else "premature complex"

    @cached_property
    def place_of(self) -> Mapping[str, tuple[str, str]]:
        """Name with a territory -> (name without, territory)."""
        table: dict[str, tuple[str, str]] = {}
        for base, pattern in self.tables["states"]["places"].items():
            for place in self.tables["qualifiers"]["places"]:
                name = pattern.format(place=place)
                if name in self.vocabulary:
                    table[name] = (base, place)
        return table

    def with_place(self, base: str, place: str, *, nearest: bool = False) -> str | None:
        """The name of a finding in a territory (or in the nearest one); None without one."""
        pattern = self.tables["states"]["places"].get(base)
        if pattern is None:
            return self.together.get((base, place))
        if nearest:
            place = self.tables["qualifiers"]["nearest_place"].get(place, place)
        name = pattern.format(place=place)
        if name in self.vocabulary:
            return str(name)
        return self.together.get((base, place))


def _spelt(wordings: Sequence[str], entry: Entry) -> Iterator[tuple[str, Entry]]:
    for wording in wordings:
        for reading in alternatives(wording):
            if reading:
                yield reading, entry


def _by_language(row: Mapping[str, Any], role: str, value: Any) -> Iterator[tuple[str, Entry]]:
    for field, language in LANGUAGES.items():
        wordings: Iterable[str] = row.get(field, ())
        yield from _spelt(tuple(wordings), Entry(role, value, language))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardiolexError(f"{path}: cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CardiolexError(f"{path}: is not valid TOML: {error}.") from error
