"""Assertion by scope: which findings a cue reaches, and whether they are there."""

from collections.abc import Sequence
from dataclasses import replace

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.cues import Cue
from cardiolex.reports.rules.found import Found
from cardiolex.reports.rules.reach import DESCRIBING, UNSURE, Reach

_OPEN_ENDS = (
    "may be",
    "might be",
    "could be",
    "is",
    "are",
    "may",
    "could",
    "can",
    "cannot",
    "kann",
    "kan",
)
_EXCLUDED = ("exclude", "ruled out", "ausgeschlossen", "uteslut")
"""Denials that another denial turns into a doubt: "neither A nor B can be excluded"."""
_NOT = ("inte", "ej", "icke", "inte lengre", "ej lengre", "ingen", "inget", "inga")
_WAVES = ("p", "q", "r", "s", "st", "t", "u")
_DIFFERENTIAL = ("dd", "d d", "differential diagnosis", "differentialdiagnose")


class Scope(Reach):
    """Sets the assertion of every finding of a text."""

    def __init__(self, atoms: Sequence[Atom], found: Sequence[Found]) -> None:
        super().__init__(atoms, found)
        self.marks: list[set[str]] = [set() for _ in self.found]
        """What the cues say of each finding."""

    def assert_all(self) -> None:
        """present unless a cue, or being one of several alternatives, says otherwise."""
        for place, atom in enumerate(self.atoms):
            if "cue" in atom.roles:
                self._apply(place, atom.roles["cue"])
        self._alternatives()
        self._or_at_the_start()
        self._cut_off()
        self._rather_than()
        for found, marks in zip(self.found, self.marks, strict=True):
            found.assertion = found.fixed or _verdict(marks)

    # ------------------------------------------------------------ one cue
    def _apply(self, place: int, cue: Cue) -> None:
        if cue.after and not self._follows(place, cue.after):
            return
        if self._contrasts(place):
            cue = replace(cue, means="present", reaches="next")
        for number in self.reached(place, cue):
            if place in self.found[number].deaf or self._outweighed(place, cue, number):
                continue
            if not cue.only or self.found[number].name.startswith(cue.only):
                self.marks[number].add(self._meant(place, cue, number))

    def _contrasts(self, place: int) -> bool:
        """Swedish "inte A utan B": "utan" is "without", after a denial it is "but"."""
        near = "entity" in self.atoms[max(0, place - 1)].roles
        return self.atoms[place].text == "utan" and near and self._follows(place, _NOT)

    def _meant(self, place: int, cue: Cue, number: int) -> str:
        """What a cue means here: a denial may stand before it, or it may be a denial denied."""
        if cue.means == "uncertain" and (
            self._denied_link(place) or self._unsure(place, number) or self._of_a_denied(place)
        ):
            return "absent"
        excluded = cue.stands == "after" and any(w in self.atoms[place].text for w in _EXCLUDED)
        if cue.means == "absent" and excluded and "absent" in self.marks[number]:
            return "uncertain"
        return cue.means

    def _of_a_denied(self, place: int) -> bool:
        """ "No ST elevation to suggest infarction": what is denied suggests nothing."""
        behind = self._previous(place) if self._is_link(place) else None
        denied = behind is not None and "absent" in self.marks[behind]
        return denied and self._touches(behind, place)

    def _unsure(self, place: int, number: int) -> bool:
        """ "QT nicht sicher verlängert", between the thing and its state: idiomatic denial."""
        found = self.found[number]
        return found.first < place < found.last and self.atoms[place].text in UNSURE

    def _outweighed(self, place: int, cue: Cue, number: int) -> bool:
        """ "kein Infarkt nachweisbar", "jetzt ohne Flimmern": another word is nearer."""
        if cue.means not in ("present", "unsaid"):
            return False
        if cue.stands == "after":
            return cue.means == "present" and "absent" in self.marks[number]
        between = [a for a in self.atoms[place + 1 : self.found[number].first] if "cue" in a.roles]
        other = "uncertain" if cue.means == "unsaid" else "absent"
        return any(a.roles["cue"].means == other for a in between)

    def _follows(self, place: int, words: tuple[str, ...]) -> bool:
        """Whether one of these words stands before a place, in its sentence."""
        for atom in reversed(self.atoms[:place]):
            if atom.ends_sentence:
                return False
            if atom.text.endswith(words):
                return True
        return False

    # ------------------------------------------------------------ alternatives
    def _alternatives(self) -> None:
        """ "X or Y", "X/Y": each is one of two, hence uncertain, unless both are denied.

        "T waves are flat or inverted" says how they look in several leads: both are there.
        """
        for found, marks in zip(self.found, self.marks, strict=True):
            if found.either and "absent" not in marks:
                marks.add("uncertain")
        for number in range(len(self.found) - 1):
            one, other = self.found[number], self.found[number + 1]
            between = self.atoms[one.last + 1 : other.first]
            looks = one.subject in _WAVES and one.subject == other.subject
            if not looks and self._either(one, between) and one.name != other.name:
                for place in (number, number + 1):
                    if "absent" not in self.marks[place]:
                        self.marks[place].add("uncertain")

    def _or_at_the_start(self) -> None:
        """ "OR aberrant conduction", a line of its own: one of two, whatever the other."""
        for place, atom in enumerate(self.atoms):
            if "or" in atom.roles and self._opens_line(place):
                for number, found in enumerate(self.found):
                    if found.first > place and self._only(place + 1, found.first, DESCRIBING):
                        self.marks[number].add("uncertain")
                        break

    def _opens_line(self, place: int) -> bool:
        """Whether nothing of its sentence but dashes and headings stands before a word."""
        for atom in reversed(self.atoms[:place]):
            if atom.ends_sentence:
                return True
            if not (atom.is_("passage") or atom.text in ("-", ":", "summary")):
                return False
        return True

    def _either(self, one: Found, between: Sequence[Atom]) -> bool:
        """Whether the words between two findings make them alternatives."""
        apart = False
        for place, atom in enumerate(between):
            if "or" in atom.roles or atom.text == "/":
                sides = [
                    *between[max(0, place - 1) : place],
                    *between[place + 1 : place + 2],
                ]
                pair = len(sides) == 2
                ages = pair and all(a.is_("age", "doubtful age") for a in sides)
                places = pair and all(a.is_("place") and not a.is_("entity") for a in sides)
                apart = apart or not (ages or places)
            elif "cue" in atom.roles:
                if atom.text in _DIFFERENTIAL and not one.subject:
                    apart = True
                if not apart:
                    return False
            elif not (atom.is_(*DESCRIBING) or atom.text in "-," or (apart and atom.text == ":")):
                return False
        return apart

    def _cut_off(self) -> None:
        """A report that breaks off after "X or" leaves X one of two."""
        if not self.found:
            return
        rest = self.atoms[self.found[-1].last + 1 :]
        known = [atom for atom in rest if "unknown" not in atom.roles]
        if not known or not all(a.is_("or", "cue", *DESCRIBING) for a in known):
            return
        if "or" in known[-1].roles or known[-1].text in _OPEN_ENDS:
            self.marks[-1].add("uncertain")

    def _rather_than(self) -> None:
        """ "may be X rather than Y": the denial of Y is as doubtful as X."""
        for place, atom in enumerate(self.atoms):
            if "cue" in atom.roles and atom.text in (
                "rather than",
                "and not",
                "instead of",
            ):
                behind, ahead = (
                    self._previous(place),
                    self._next(place, atom.roles["cue"]),
                )
                if behind is None or ahead is None:
                    continue
                if "uncertain" in self.marks[behind]:
                    self.marks[ahead].add("uncertain")


def _verdict(marks: set[str]) -> str:
    for means in ("unsaid", "present", "uncertain", "absent"):
        if means in marks:
            return means
    return "present"
