"""The table of wordings, `phrases.toml`, and reproducible choices from it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Final, TypeVar

import numpy as np

T = TypeVar("T")

PARTS: Final = (
    "rhythm",
    "ectopy",
    "conduction",
    "axis",
    "chambers",
    "infarct",
    "repolarization",
    "intervals",
    "technical",
)
"""The parts of a report in the order in which carts print them; the summary comes last."""

Wordings = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Negative:
    """Wordings that deny the conditions `denies`."""

    denies: frozenset[str]
    say: tuple[str, ...]


@dataclass(frozen=True)
class Phrases:
    """`parts[part][condition]` are wordings; `borderline[condition]` are for uncertain ones."""

    parts: dict[str, Wordings]
    borderline: Wordings
    hedges: Wordings
    infarct_age: Wordings
    ventricular_response: Wordings
    verdict: Wordings
    remarks: tuple[str, ...]
    negatives: tuple[Negative, ...]

    @cached_property
    def say(self) -> Wordings:
        """Every condition's wordings, over all parts and the summary."""
        return {name: words for part in self.parts.values() for name, words in part.items()}


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The table that ships with the package, read once."""
    source = files("cardiolex.simulation").joinpath("phrases.toml").read_text(encoding="utf-8")
    table = tomllib.loads(source)
    parts = {part: _wordings(table[part]) for part in (*PARTS, "summary")}
    negatives = []
    for entry in table["negative"]:
        denied: set[str] = set()
        for name in entry["denies"]:
            denied.update(parts.get(name, (name,)))
        negatives.append(Negative(frozenset(denied), tuple(entry["say"])))
    return Phrases(
        parts=parts,
        borderline=_wordings(table["borderline"]),
        hedges=_wordings(table["hedges"]),
        infarct_age=_wordings(table["infarct_age"]),
        ventricular_response=_wordings(table["ventricular_response"]),
        verdict=_wordings(table["verdict"]),
        remarks=tuple(table["remarks"]["say"]),
        negatives=tuple(negatives),
    )


def _wordings(table: dict[str, list[str]]) -> Wordings:
    return {name: tuple(words) for name, words in table.items()}


class Dice:
    """Choices from one random generator, drawn in blocks because single draws are slow."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._draws = self._stream(rng)

    @staticmethod
    def _stream(rng: np.random.Generator) -> Iterator[float]:
        while True:
            yield from rng.random(64).tolist()

    def chance(self, probability: float) -> bool:
        """True with `probability`."""
        return next(self._draws) < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`, all equally likely."""
        return choices[int(next(self._draws) * len(choices))]

    def pick_common(self, choices: Sequence[T]) -> T:
        """One of `choices`, the earlier the likelier (the first of five: 41 %)."""
        return choices[int(next(self._draws) ** 1.8 * len(choices))]
