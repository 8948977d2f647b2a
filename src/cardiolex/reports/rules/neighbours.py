"""The findings before and after a word, within its sentence."""

from collections.abc import Sequence

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.found import Found

_BESIDE = ("qualifier", "place", "leads", "site", "age", "doubtful age", "kind", "rate", "filler",
           "and", "or", "state", "cue", "number")  # fmt: skip


class Neighbours:
    """Findings of a text, looked up by the place of a word beside them."""

    def __init__(self, atoms: Sequence[Atom], found: list[Found]) -> None:
        self.atoms = atoms
        self.found = found

    def _before(self, place: int) -> Found | None:
        """The finding that holds `place` or is the last before it in its sentence."""
        best = None
        for found in self.found:
            if found.first <= place:
                inside = place <= found.last
                if inside or best is None or found.last >= best.last:
                    best = found
        if best is None or self._sentence_ends(best.last + 1, place):
            return None
        return best

    def _after(self, place: int) -> Found | None:
        for found in self.found:
            if found.first > place:
                return None if self._sentence_ends(place + 1, found.first) else found
        return None

    def _sentence_ends(self, start: int, end: int) -> bool:
        return any(atom.ends_sentence for atom in self.atoms[start:end])

    def _clear(self, start: int, end: int, marks: str = "") -> bool:
        """Whether only describing words stand between two places."""
        return all(
            (atom.is_(*_BESIDE) and "stop" not in atom.roles)
            or ("mark" in atom.roles and atom.text in marks)
            for atom in self.atoms[start:end]
        )
