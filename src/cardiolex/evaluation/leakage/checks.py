"""The checks: each yields what two parts have in common and should not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.leakage.alike import alike
from cardiolex.evaluation.leakage.sides import Item
from cardiolex.reports.clean import sentences
from cardiolex.reports.extract import Rules

Kind = Literal["patient", "record", "signal", "duplicate", "prompt"]
KINDS: dict[Kind, str] = {
    "patient": "patients with recordings in two parts",
    "record": "records that two parts hold under names of one record",
    "signal": "recordings of two parts with the same signal",
    "duplicate": "recordings that one part holds twice",
    "prompt": "prompts that name another class, or repeat a report of these recordings",
}
LEAKS: tuple[Kind, ...] = ("patient", "record", "signal", "prompt")
"""Kinds that a result must not have; duplicates count a recording twice."""
MIN_WORDS = 5
"""Shorter sentences are common property, not a sign of copying."""


@dataclass(frozen=True)
class Found:
    """One finding: `first` and `second` are "part: file", or the prompt and what it names."""

    kind: Kind
    first: str
    second: str
    what: str


def check_recordings(items: Sequence[Item]) -> list[Found]:
    """Patients, records and signals that two parts share, and duplicates within a part."""
    found = [*_patients(items), *_records(items), *_signals(items)]
    order = list(KINDS)
    return sorted(found, key=lambda one: (order.index(one.kind), one.first, one.second))


def _where(item: Item) -> str:
    return f"{item.side}: {item.file}"


def _patients(items: Iterable[Item]) -> Iterator[Found]:
    sides: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items:
        if item.patient is not None:
            sides[item.patient].setdefault(item.side, item)
    for patient, by_side in sides.items():
        first, *others = by_side.values()
        for other in others:
            yield Found("patient", _where(first), _where(other), patient)


def _records(items: Iterable[Item]) -> Iterator[Found]:
    named: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.record is not None:
            named[item.record].append(item)
    for record, several in named.items():
        first, *others = several
        for other in others:
            kind: Kind = "record" if other.side != first.side else "duplicate"
            yield Found(kind, _where(first), _where(other), record)


def _signals(items: Sequence[Item]) -> Iterator[Found]:
    usable = [item for item in items if item.signature is not None]
    if len(usable) < 2:
        return
    signatures = np.stack([item.signature for item in usable if item.signature is not None])
    for i, j, product in alike(signatures):
        first, second = usable[i], usable[j]
        across = first.side != second.side
        if not across and first.record is not None and first.record == second.record:
            continue  # named as a duplicate already
        kind: Kind = "signal" if across else "duplicate"
        yield Found(kind, _where(first), _where(second), f"correlation {product:.3f}")


def check_prompts(
    prompts: Mapping[str, Sequence[str]], items: Iterable[Item], rules: Rules
) -> list[Found]:
    """Prompts that name another asked class than their own and its superclasses, or hold a
    sentence of a report word for word.

    CardiolexError for a prompt without text.
    """
    vocabulary, found = rules.vocabulary, list[Found]()
    own = {condition: vocabulary.resolve(condition) for condition in prompts}
    asked = {name: condition for condition, name in own.items() if name}
    said = {
        sentence.lower(): _where(item)
        for item in items
        for sentence in sentences(item.report)
        if len(sentence.split()) >= MIN_WORDS
    }
    for condition, texts in prompts.items():
        name = own[condition]
        allowed = vocabulary.closure([name]) if name else frozenset()
        for text in texts:
            if not text.strip():
                raise CardiolexError(f"the prompt of {condition!r} is empty")
            present = {m.name for m in rules.extract(text).mentions if m.assertion != "absent"}
            found += [
                Found("prompt", condition, asked[other], text[:80])
                for other in sorted((present & asked.keys()) - allowed)
                if name is None or name not in vocabulary.closure([other])
            ]
            found += [
                Found("prompt", condition, said[sentence.lower()], sentence)
                for sentence in sentences(text)
                if sentence.lower() in said
            ]
    return found
