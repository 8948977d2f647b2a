"""Verdicts on the whole recording: "normal", "abnormal", "borderline" said of no single thing."""

from collections.abc import Collection, Sequence

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.found import Found

_PASSED_OVER = ("otherwise", "sonst", "eljest", "alle", "all")


def verdicts(atoms: Sequence[Atom], used: Collection[int]) -> list[Found]:
    """The verdicts among the atoms that no finding has used."""
    given = ((place, _verdict(atoms, place)) for place in range(len(atoms)) if place not in used)
    return [Found(name, place, place) for place, name in given if name]


def says_ecg(atoms: Sequence[Atom], place: int) -> bool:
    """ "ecg probably normal": the verdict on the ecg needs no clause of its own."""
    before = [atom for atom in atoms[:place] if not atom.is_("cue")]
    return bool(before) and before[-1].text == "ecg"


def _verdict(atoms: Sequence[Atom], place: int) -> str:
    state, word = atoms[place].roles.get("state"), atoms[place].text
    if word in ("borderline", "borderline abnormal") and state in ("abnormal", "limit"):
        return "borderline ecg" if _whole_sentence(atoms, place) else ""
    if state == "upright" and word == "normal":
        return "normal ecg" if _alone(atoms, place) or _last_word(atoms, place) else ""
    if state == "abnormal" and word in ("abnormal", "abnormality", "pathological"):
        return "abnormal ecg" if _alone(atoms, place) or _denied(atoms, place) else ""
    return ""


def _alone(atoms: Sequence[Atom], place: int) -> bool:
    if place and says_ecg(atoms, place):
        return True
    return _neighbour(atoms, place, -1) is None and _neighbour(atoms, place, 1) is None


def _last_word(atoms: Sequence[Atom], place: int) -> bool:
    """ "… Linkstyp wahrscheinlich normal" at the end of a report: a verdict and its doubt."""
    rest = [atom for atom in atoms[place + 1 :] if not atom.is_("mark", "passage")]
    if rest or place < 2 or "cue" not in atoms[place - 1].roles:
        return False
    before = atoms[place - 2]
    return before.is_("entity", "state", "subject") or before.text in (",", ".")


def _whole_sentence(atoms: Sequence[Atom], place: int) -> bool:
    after = place + 1
    while after < len(atoms) and atoms[after].is_("qualifier"):
        after += 1
    around = [*atoms[max(0, place - 1) : place], *atoms[after : after + 1]]
    return all(atom.ends_sentence or atom.text == "-" or atom.is_("passage") for atom in around)


def _neighbour(atoms: Sequence[Atom], place: int, step: int) -> Atom | None:
    """The next atom within the clause that carries weight; None at its edge."""
    place += step
    while 0 <= place < len(atoms):
        atom = atoms[place]
        if atom.is_("mark", "passage"):
            return None
        if not (atom.text in _PASSED_OVER or atom.is_("cue")):
            return atom
        place += step
    return None


def _denied(atoms: Sequence[Atom], place: int) -> bool:
    for atom in reversed(atoms[:place]):
        if "cue" in atom.roles:
            return bool(atom.roles["cue"].means == "absent")
        if not atom.is_("qualifier", "filler"):
            return False
    return False
