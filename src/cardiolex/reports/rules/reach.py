"""How far a cue reaches: the finding it stands with, and those joined to that one."""

from collections.abc import Sequence

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.cues import Cue
from cardiolex.reports.rules.found import Found

DESCRIBING = ("qualifier", "place", "leads", "site", "age", "doubtful age", "kind", "rate",
              "filler", "state", "number", "subject")  # fmt: skip
"""Roles of words that may stand between a cue and its finding."""
_DIAGNOSES = (
    "normal ecg",
    "ischemia",
    "hypertrophy",
    "injury",
    "aneurysm",
    "strain",
    "effect",
)
_HEDGED_LINKS = (
    *("suggest", "consistent", "compatible", "due", "keeping", "indicative", "reminiscent"),
    *("typical", "suspicion", "suspicious", "hinweis", "spricht", "sprechen", "vereinbar"),
    *("verdacht", "passend", "som talar", "talar", "tyder", "tydande", "misstanke", "som tyder"),
)
"""How words begin that point to a finding: with a denial before them they deny it."""


_WITH = ("with", "mit", "med")
_STILL = ("but", "however", "though", "aber", "jedoch", "allerdings", "men", "dock")
UNSURE = ("nicht sicher", "ej saker", "ej sakert")
"""Doubts behind a finding, denials between a thing and its state."""
_ABBREVIATED = ("megl", "fragl")
"""Hedges cut short, which stand before or after: a line that ends in one ends its clause."""


class Reach:
    """Which findings a cue reaches, forward along lists and lines, or backward."""

    def __init__(self, atoms: Sequence[Atom], found: Sequence[Found]) -> None:
        self.atoms = atoms
        self.found = list(found)

    def reached(self, place: int, cue: Cue) -> list[int]:
        """Numbers of the findings that the cue at `place` reaches."""
        inside = [n for n, found in enumerate(self.found) if found.first < place < found.last]
        if inside and (cue.stands != "after" or self.atoms[place].text in UNSURE):
            return inside
        if cue.reaches == "report" and not self._told_of(place):
            end = self._told_until(place)
            return [n for n, found in enumerate(self.found) if place < found.first < end]
        ahead = self._next(place, cue)
        behind = self._previous(place)
        if cue.only:
            return self._fitting(place, cue, ahead, behind)
        if self._trails(place, cue, behind, ahead):
            return self._backward(behind)
        if cue.stands == "before":
            shortened = self.atoms[place].text in _ABBREVIATED
            near = self._touches(behind, place)
            if (
                cue.means != "present"
                and behind is not None
                and self._closes_clause(place)
                and (ahead is None or near)
                and (cue.means == "absent" or shortened or near or not cue.trails)
            ):
                return self._backward(behind)
            return self._forward(ahead, place, cue)
        if cue.stands == "after":
            return self._backward(behind)
        if ahead is not None and self._only(place + 1, self.found[ahead].first, DESCRIBING):
            return self._forward(ahead, place, cue)
        return self._backward(behind) if behind is not None else self._forward(ahead, place, cue)

    def _told_of(self, place: int) -> bool:
        """ "Vorhofflimmern im Vor-EKG, jetzt Sinusrhythmus": the words follow their finding."""
        return self._touches(self._previous(place), place) and self._closes_clause(place)

    def _told_until(self, place: int) -> int:
        """Where a text stops telling of another recording: at a word for this one, or its end."""
        cues = ((n, self.atoms[n].roles.get("cue")) for n in range(place + 1, len(self.atoms)))
        return next((n for n, cue in cues if cue and cue.means == "present"), len(self.atoms))

    def _fitting(self, place: int, cue: Cue, ahead: int | None, behind: int | None) -> list[int]:
        """The neighbour that the cue is meant for; the one ahead only if nothing intervenes."""
        for number in (ahead, behind):
            if number is None or not self.found[number].name.startswith(cue.only):
                continue
            if number == behind or self._only(place + 1, self.found[number].first, DESCRIBING):
                return [number]
        return []

    def _trails(self, place: int, cue: Cue, behind: int | None, ahead: int | None) -> bool:
        """ "chronischer Infarkt wahrscheinlich, Q in V1": the word stands after its diagnosis."""
        if not cue.trails or behind is None or not self._touches(behind, place):
            return False
        if not self.found[behind].name.endswith(cue.trails):
            return False
        if place + 1 < len(self.atoms) and self.atoms[place + 1].text == ",":
            return True
        name = "" if ahead is None else self.found[ahead].name
        return name == "abnormal ecg" or not name.endswith((*cue.trails, *_DIAGNOSES))

    def _touches(self, number: int | None, place: int) -> bool:
        return number is not None and self._only(self.found[number].last + 1, place, DESCRIBING)

    def _closes_clause(self, place: int) -> bool:
        """Whether a mark, a line break or the end follows."""
        if place + 1 >= len(self.atoms):
            return True
        after = self.atoms[place + 1]
        if self.atoms[place].text in _ABBREVIATED and (after.gap or "passage" in after.roles):
            return True
        unsaid = "cue" in after.roles and after.roles["cue"].means == "unsaid"
        ends = "stop" in after.roles and after.text not in _WITH
        return unsaid or ends or after.text in ".,;-"

    def _next(self, place: int, cue: Cue) -> int | None:
        for number, found in enumerate(self.found):
            if found.first > place:
                between = self.atoms[place + 1 : found.first]
                if between and between[0].text in _WITH:
                    between = between[1:]  # "possibly with strain", "no longer with block"
                stopped = any(a.ends_sentence or "stop" in a.roles for a in between)
                closed = any(a.closes for a in self.atoms[place : found.first])
                apart = _told_apart(between) or (
                    cue.means == "absent" and _of_another(found, between)
                )
                return None if stopped or closed or apart else number
        return None

    def _previous(self, place: int) -> int | None:
        best = None
        for number, found in enumerate(self.found):
            if found.last < place:
                best = number
        if best is None:
            return None
        between = self.atoms[self.found[best].last + 1 : place]
        if (
            between
            and between[0].text in _WITH
            and self._only(place - len(between) + 1, place, ("qualifier",))
        ):
            return best  # "flutter with 2:1 block": no other finding
        if between and between[-1].text in _STILL:
            between = between[:-1]  # "Ischämie jedoch nicht auszuschliessen": said of the same
        blocked = any(a.ends_sentence or "stop" in a.roles for a in between)
        return None if blocked else best

    def _only(self, start: int, end: int, roles: tuple[str, ...]) -> bool:
        return all(atom.is_(*roles) for atom in self.atoms[start:end])

    def _is_link(self, place: int) -> bool:
        return self.atoms[place].text.startswith(_HEDGED_LINKS)

    def _denied_link(self, place: int) -> bool:
        """ "no features which would suggest X": the denial reaches through the link."""
        if not self._is_link(place):
            return False
        for number in range(place - 1, -1, -1):
            atom = self.atoms[number]
            if "cue" in atom.roles and atom.roles["cue"].means == "absent":
                return True
            held = any(found.first <= number <= found.last for found in self.found)
            if atom.ends_sentence or held or "stop" in atom.roles:
                return False
        return False

    # ------------------------------------------------------------ reach
    def _forward(self, number: int | None, place: int, cue: Cue) -> list[int]:
        if number is None:
            return []
        reached = [number]
        lines = place + 1 < len(self.atoms) and self.atoms[place + 1].gap
        while number + 1 < len(self.found):
            if not self._joined(number, cue, lines):
                break
            number += 1
            reached.append(number)
        return reached

    def _joined(self, number: int, cue: Cue, lines: bool) -> bool:
        """Whether the cue that reaches finding `number` reaches the one after it as well."""
        one, other = self.found[number], self.found[number + 1]
        if other.first <= one.last or (other.first, other.last) == (
            one.first,
            one.last,
        ):
            return True
        between = self.atoms[one.last + 1 : other.first]
        if any(a.ends_sentence or a.is_("stop", "unknown", "passage") for a in between):
            return False
        if any("cue" in a.roles and a.roles["cue"].means != "uncertain" for a in between):
            return False
        joints = [a for a in between if a.is_("or", "and") or a.text in ("/", ",", "+", ":")]
        if not joints:
            return lines and self._new_line(one, other)
        if any("or" in a.roles or a.text == "/" for a in joints):
            return True
        if other.subject and not one.subject:
            return False
        if cue.reaches == "rest":
            return True
        if all(a.text in (",", ":") for a in joints):
            return self._list_goes_on(number + 1, cue)
        return cue.reaches == "list"

    def _new_line(self, one: Found, other: Found) -> bool:
        return any(atom.gap for atom in self.atoms[one.last + 1 : other.first + 1])

    def _list_goes_on(self, number: int, cue: Cue) -> bool:
        """Whether a list of findings set apart by commas ends in "or" (or in "and")."""
        rest = self.atoms[self.found[number].last + 1 :]
        known = [atom for atom in rest if not (atom.text == "," or atom.is_("place", "age"))]
        if known and "or" in known[0].roles:
            return True
        while number + 1 < len(self.found):
            one, other = self.found[number], self.found[number + 1]
            between = self.atoms[one.last + 1 : other.first]
            if any(a.is_("stop", "unknown", "cue") or a.ends_sentence for a in between):
                return False
            if any("or" in a.roles for a in between):
                return True
            if any("and" in a.roles for a in between):
                return cue.reaches == "list"
            if not any(a.text == "," for a in between):
                return False
            number += 1
        return False

    def _backward(self, number: int | None) -> list[int]:
        if number is None:
            return []
        reached = [number]
        while number > 0:
            one, other = self.found[number - 1], self.found[number]
            between = self.atoms[one.last + 1 : other.first]
            same = other.first <= one.last
            either = any("or" in a.roles or a.text in ("/", "nor", "noch") for a in between)
            if not same and not either and not self._side_by_side(one, other, between):
                break
            number -= 1
            reached.append(number)
        return reached

    def _side_by_side(self, one: Found, other: Found, between: Sequence[Atom]) -> bool:
        """ "Hypokalemia and ischemia should be considered": two diagnoses, no waves."""
        joined = any("and" in atom.roles for atom in between)
        named = not one.subject and not other.subject
        return joined and named and all(atom.is_("and", *DESCRIBING) for atom in between)


def _told_apart(between: Sequence[Atom]) -> bool:
    """ "Kein Wechsel zur Voraufnahme, …": the cue has its own word before the comma."""
    commas = [place for place, atom in enumerate(between) if atom.text == ","]
    return bool(commas) and any("unknown" in atom.roles for atom in between[: commas[-1]])


def _of_another(found: Found, between: Sequence[Atom]) -> bool:
    """ "Kein rS in V6, pathologisches EKG": a verdict is denied only by the word before it."""
    verdict = found.name in ("abnormal ecg", "normal ecg", "borderline ecg")
    return verdict and any(atom.is_("leads", "unknown", "subject") for atom in between)
