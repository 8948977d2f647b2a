"""Texts with known meaning, made from the vocabulary: what a text encoder learns meaning from.

Each text comes with the entities it states; a denied finding states the denial, not the finding.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.reports.wording import key

_PLAIN = ("{}", "{}", "{}", "{}", "{}.", "{} is present", "ecg shows {}", "findings: {}")
_HEDGED = ("probable {}", "possible {}", "consider {}", "cannot rule out {}", "{}, possible",
           "suspect {}", "borderline {}", "marked {}", "minimal {}", "{} noted",
           "{} also present")  # fmt: skip
_DENIED = ("no {}", "without {}", "no evidence of {}", "{} is not present", "{} not seen",
           "absence of {}", "no {} seen", "{} has been ruled out")  # fmt: skip
_JOINTS = (". ", ". ", ", ", " with ", " and ", "; ")

_SPELLINGS = (
    ("first degree", "1st degree"), ("first degree", "first-degree"),
    ("second degree", "2nd degree"),
    ("third degree", "3rd degree"), ("av ", "a-v "), ("av ", "atrioventricular "),
    ("infarction", "infarct"), ("myocardial infarction", "infarct"), ("ischemi", "ischaemi"),
    ("kalemi", "kalaemi"), ("calcemi", "calcaemi"), ("non-specific", "nonspecific"),
    ("st-t", "st/t"), ("left ventricular", "lv"), ("right ventricular", "rv"),
    ("left atrial", "la"), ("right atrial", "ra"), (" wave", ""), (" leads", " lds"),
    ("repolarization", "repol"), ("repolarization", "repolarisation"), ("abnormality", "abnrm"),
    ("bundle branch block", "bundle-branch block"), ("fascicular block", "hemiblock"),
)  # fmt: skip
_PLURALS = {
    "complex": "complexes", "beat": "beats", "contraction": "contractions", "wave": "waves",
    "extrasystole": "extrasystoles", "change": "changes", "abnormality": "abnormalities",
    "depolarization": "depolarizations", "infarct": "infarcts",
}  # fmt: skip

Wordings = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Statement:
    """A text, the entities it states, the entities it denies."""

    text: str
    states: tuple[str, ...]
    denies: tuple[str, ...] = ()


def split_wordings(
    vocabulary: Vocabulary, share: float = 0.2, seed: int = 0
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Wordings per entity for training, and English synonyms held out to test with.

    Whole entries of the file are held out (all readings of "(a|b) c" together), `share` of them
    from each entity; canonical names always stay in training.
    """
    train: dict[str, list[str]] = {}
    held: dict[str, list[str]] = {}
    random = Random(seed)
    for entity in vocabulary.entities:
        count = math.floor(share * len(entity.synonyms) + random.random())
        out = random.sample(entity.synonyms, min(count, len(entity.synonyms)))
        kept = [text for text in entity.synonyms if text not in out]
        trimmed = replace(entity, synonyms=tuple(kept))
        train[entity.name] = list(trimmed.wordings)
        known = {key(text) for text in trimmed.wordings}
        held[entity.name] = [text for text in entity.english if key(text) not in known]
    return train, held


def vary(text: str, random: Random) -> str:
    """The same wording as another hand would write it: plural, spelling, shorthand."""
    fitting = [(old, new) for old, new in _SPELLINGS if old in text]
    if fitting and random.random() < 0.3:
        text = text.replace(*random.choice(fitting), 1)
    last = text.rsplit(" ", 1)[-1]
    if random.random() < 0.3 and (last in _PLURALS or (last.isupper() and last[-1] in "BCS")):
        plural = _PLURALS.get(last, f"{last}s")
        return text.removesuffix(last) + random.choice((plural, plural, f"{last}(s)"))
    return text


class Composer:
    """Draws statements; deterministic in the seed of `random`."""

    def __init__(self, wordings: Wordings, random: Random) -> None:
        self.wordings = wordings
        self.random = random
        self.names = list(wordings)

    def wording(self, name: str) -> str:
        """A wording of the entity: now and then the name itself, else any in any spelling."""
        if self.random.random() < 0.2:
            return name
        return vary(self.random.choice(self.wordings[name]), self.random)

    def plain(self, name: str) -> Statement:
        """One finding, stated or hedged."""
        form = self.random.choice(_PLAIN if self.random.random() < 0.7 else _HEDGED)
        return Statement(form.format(self.wording(name)), (name,))

    def denied(self, name: str) -> Statement:
        """One finding, denied."""
        return Statement(self.random.choice(_DENIED).format(self.wording(name)), (), (name,))

    def report(self, names: Sequence[str], denied: Sequence[str] = ()) -> Statement:
        """Several findings in one text, denied ones in between."""
        parts = [self.plain(name).text for name in names]
        parts += [self.denied(name).text for name in denied]
        self.random.shuffle(parts)
        text = parts[0]
        for part in parts[1:]:
            text += self.random.choice(_JOINTS) + part
        return Statement(text, tuple(names), tuple(denied))

    def batch(self, size: int) -> list[Statement]:
        """About 75 % single findings, 10 % denials, 15 % reports of two to five findings."""
        statements = []
        for _ in range(size):
            draw = self.random.random()
            if draw < 0.75:
                statements.append(self.plain(self.random.choice(self.names)))
            elif draw < 0.85:
                statements.append(self.denied(self.random.choice(self.names)))
            else:
                chosen = self.random.sample(
                    self.names, min(self.random.randint(2, 5), len(self.names))
                )
                cut = self.random.randint(0, 1) if len(chosen) > 2 else 0
                statements.append(self.report(chosen[cut:], chosen[:cut]))
        return statements
