"""What similarity of wording may never merge: opposites, sides, degrees, places, stages.

Text encoders put "left" and "right" bundle branch block, "high" and "low" T waves, ischemia and
infarction, second and third degree block next to one another (cosines of 0.92 to 0.98 were
published as accepted matches). So words decide first, and similarity only where they allow it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cardiolex.reports.building.guard_words import (
    CONTRASTS,
    EQUAL,
    HEDGING,
    LEADS,
    NARROWING,
    NUMBERS,
    PREFIXES,
    REVERSING,
    WAVES,
)
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.reports.wording import contains, key

Relation = Literal["free", "narrower", "broader", "apart"]


@dataclass(frozen=True)
class Verdict:
    """How finding a stands to finding b, by their words; `reason` names the words that decide."""

    relation: Relation
    reason: str = ""


class Guard:
    """Compares names of findings under a vocabulary's contrasts and never_merge lists."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._resolve = lru_cache(maxsize=50_000)(vocabulary.resolve)
        self._key = lru_cache(maxsize=50_000)(self._key_of)
        groups = [*vocabulary.contrasts, *CONTRASTS]
        self._groups = [tuple(_plain(key(word)) for word in group) for group in groups]

    def compare(self, a: str, b: str) -> Verdict:
        """How a stands to b.

        "free": words allow that both mean the same; "narrower": a is at most a kind of b;
        "broader": b is at most a kind of a; "apart": neither.
        """
        entities = self._entities(a, b)
        if entities is not None:
            return entities
        key_a, key_b = self._key(a), self._key(b)
        return (
            self._opposed(key_a, key_b)
            or _one_sided(key_a, key_b)
            or self._narrowing(key_a, key_b)
            or Verdict("free")
        )

    def free(self, a: Iterable[str], b: str) -> Verdict:
        """The first verdict that is not "free" among those of all `a` against `b`."""
        verdicts = (self.compare(member, b) for member in a)
        return next((v for v in verdicts if v.relation != "free"), Verdict("free"))

    def kind_of(self, a: str, b: str) -> Verdict:
        """Whether a may be called a kind of b: "narrower" (b may be its superclass) or "apart".

        Milder than `compare`: a superclass may use other words, only none that excludes.
        """
        entities = self._entities(a, b)
        if entities is not None:
            is_opposite = entities.reason.startswith("never_merge")
            wrong = entities.relation in ("free", "broader") or is_opposite
            return Verdict("apart" if wrong else "narrower", entities.reason)
        key_a, key_b = self._key(a), self._key(b)
        for group in self._groups[: len(self.vocabulary.contrasts)]:
            in_a, in_b = contains(key_a, group), contains(key_b, group)
            if "st" not in group and in_a and in_b and in_a.isdisjoint(in_b):
                return _apart(in_a, in_b)
        in_a, in_b = (WAVES.intersection(text.split()) for text in (key_a, key_b))
        if in_a and in_b and in_a.isdisjoint(in_b):
            return _apart(in_a, in_b)
        return _prefixes(key_a, key_b) or _one_sided(key_a, key_b) or Verdict("narrower")

    def _entities(self, a: str, b: str) -> Verdict | None:
        """What the vocabulary says of two names that it both knows, or None."""
        vocabulary = self.vocabulary
        name_a, name_b = self._resolve(a), self._resolve(b)
        if name_a is None or name_b is None:
            return None
        if name_a == name_b:
            return Verdict("free", f"both are wordings of '{name_a}'")
        if name_b in vocabulary.ancestors(name_a):
            return Verdict("narrower", f"'{name_a}' is a kind of '{name_b}'")
        if name_a in vocabulary.ancestors(name_b):
            return Verdict("broader", f"'{name_b}' is a kind of '{name_a}'")
        if name_b in vocabulary.opposites(name_a):
            return Verdict("apart", f"never_merge: '{name_a}', '{name_b}'")
        return Verdict("apart", f"two entities: '{name_a}', '{name_b}'")

    def _key_of(self, text: str) -> str:
        return _plain(key(self.vocabulary.expand_names(text)))

    def _opposed(self, a: str, b: str) -> Verdict | None:
        for group in self._groups:
            in_a, in_b = contains(a, group), contains(b, group)
            if in_a and in_b and in_a != in_b:
                return _apart(in_a, in_b)
        for pattern in (LEADS, NUMBERS):
            in_a, in_b = frozenset(pattern.findall(a)), frozenset(pattern.findall(b))
            if in_a and in_b and in_a != in_b:
                return _apart(in_a, in_b)
        return _waves(a, b) or _prefixes(a, b)

    def _narrowing(self, a: str, b: str) -> Verdict | None:
        only_a, only_b = (self._telling(x) - self._telling(y) for x, y in ((a, b), (b, a)))
        if not only_a and not only_b:
            return None
        if only_a and only_b:
            return _apart(only_a, only_b)
        words = only_a or only_b
        if not all(word in NARROWING or LEADS.fullmatch(word) for word in words):
            return Verdict("apart", f"only one says {_listed(words)}")
        relation: Relation = "narrower" if only_a else "broader"
        return Verdict(relation, f"only one says {_listed(words)}")

    def _telling(self, text: str) -> frozenset[str]:
        """Words of contrast groups, leads and numbers that stand in a key."""
        found = {
            word for group in self._groups for p in contains(text, group) for word in p.split()
        }
        found |= set(text.split()) & NARROWING
        found |= set(LEADS.findall(text)) | set(NUMBERS.findall(text))
        return frozenset(found) - {"wave"}


def _waves(a: str, b: str) -> Verdict | None:
    in_a, in_b = (WAVES.intersection(text.split()) for text in (a, b))
    return _apart(in_a, in_b) if in_a and in_b and in_a != in_b else None


def _prefixes(a: str, b: str) -> Verdict | None:
    words_a, words_b = set(a.split()), set(b.split())
    for first, second in PREFIXES:
        for one in words_a - words_b:
            for other in words_b - words_a:
                for p, q in ((first, second), (second, first)):
                    stem = one.removeprefix(p)
                    if one.startswith(p) and len(stem) > 3 and other == q + stem:
                        return _apart({one}, {other})
    return None


def _one_sided(a: str, b: str) -> Verdict | None:
    """A denial or a hedge in one of the two."""
    for words in (REVERSING, HEDGING):
        in_a, in_b = words & set(a.split()), words & set(b.split())
        if bool(in_a) != bool(in_b):
            return Verdict("apart", f"only one says {_listed(in_a | in_b)}")
    return None


def _plain(text_key: str) -> str:
    return " ".join(EQUAL.get(word, word) for word in text_key.split())


def _apart(a: Iterable[str], b: Iterable[str]) -> Verdict:
    return Verdict("apart", f"{_listed(a)} against {_listed(b)}")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
