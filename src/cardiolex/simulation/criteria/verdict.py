"""Present, absent or unknown: the state of each condition while criteria are applied."""

from __future__ import annotations

from math import isnan


class Verdict:
    """Collects conditions; what is neither present nor unknown is absent."""

    def __init__(self) -> None:
        self.present: set[str] = set()
        self.unknown: set[str] = set()

    def say(self, name: str, state: bool | None) -> None:
        """True: present; None: unknown; False: no change. Present outranks unknown."""
        if state:
            self.present.add(name)
            self.unknown.discard(name)
        elif state is None and name not in self.present:
            self.unknown.add(name)

    def deny(self, name: str) -> None:
        """Absent after all."""
        self.present.discard(name)
        self.unknown.discard(name)

    def doubt(self, *names: str) -> None:
        """Unknown, even where it was present."""
        for name in names:
            self.present.discard(name)
            self.unknown.add(name)

    def has(self, *names: str) -> bool:
        """Whether any of the conditions is present."""
        return any(name in self.present for name in names)


def above(value: float, sure: float, border: float) -> bool | None:
    """True from `sure` on, None between `border` and `sure`, else False (also for NaN)."""
    if isnan(value) or value < border:
        return False
    return True if value >= sure else None


def below(value: float, sure: float, border: float) -> bool | None:
    """True up to `sure`, None between `sure` and `border`, else False (also for NaN)."""
    return above(-value, -sure, -border)


def both(*states: bool | None) -> bool | None:
    """Three-valued and."""
    if False in states:
        return False
    return None if None in states else True


def either(*states: bool | None) -> bool | None:
    """Three-valued or."""
    if True in states:
        return True
    return None if None in states else False


def adjacent(states: list[bool | None], needed: int = 2) -> bool | None:
    """Whether at least `needed` neighbors in a list of contiguous leads fulfil a criterion."""
    best: bool | None = False
    for k in range(len(states) - needed + 1):
        best = either(best, both(*states[k : k + needed]))
    return best
