"""Which place, leads, age and number belong to which finding, and the name that follows."""

from collections.abc import Sequence

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.found import Found
from cardiolex.reports.rules.lexicon import Lexicon
from cardiolex.reports.rules.neighbours import Neighbours
from cardiolex.reports.rules.places import Places

_WORDS = ("age", "rate", "kind", "site")


class Attributes(Neighbours):
    """Gives every describing word of a text to a finding."""

    def __init__(self, atoms: Sequence[Atom], found: list[Found], lexicon: Lexicon) -> None:
        super().__init__(atoms, found)
        self.lexicon = lexicon

    def attach(self) -> None:
        """Fill places, leads, words and qualifiers of all findings."""
        for place, atom in enumerate(self.atoms):
            if "leads" in atom.roles:
                owner = self._before(place) or self._after(place)
                if owner is not None:
                    owner.leads += [_lead(name) for name in atom.roles["leads"]]
            self._words(place, atom)
        Places(self.atoms, self.found, self.lexicon).attach()

    # ------------------------------------------------------------ ages, rates, kinds, sites
    def _words(self, place: int, atom: Atom) -> None:
        for role in (*_WORDS, "doubtful age", "qualifier"):
            if role not in atom.roles:
                continue
            word = atom.roles[role] or atom.text
            if role == "doubtful age" and self._hedged_with_age(place, word):
                return
            bound = self._bound(place, word) if role in _WORDS else None
            owner = bound or self._nearest(place)
            if owner is None:
                continue
            if bound is not None and not self._doubted(place):
                bound.words.append(word)
            owner.qualifiers.append(word)
            return

    def _doubted(self, place: int) -> bool:
        """ "inferior infarct, consider acute": the age alone is in doubt."""
        hedged = place > 0 and "cue" in self.atoms[place - 1].roles
        after = self.atoms[place + 1 : place + 2]
        return hedged and all("mark" in atom.roles for atom in after)

    def _hedged_with_age(self, place: int, words: str) -> bool:
        """ "Probably acute infarct" is in doubt and acute; "infarct, probably acute" is neither."""
        ages = self.lexicon.tables["qualifiers"]["ages"]
        age = next((age for age, known in ages.items() if words.split(" ")[-1] in known), None)
        before, after = self._before(place), self._after(place)
        if before is not None or after is None or age is None or len(words.split(" ")) != 2:
            return False
        between = self.atoms[place + 1 : after.first]
        if not all(atom.is_("place", "site", "kind") for atom in between):
            return False
        after.words.append(age)
        after.either = True
        return True

    def _denied(self, place: int) -> bool:
        cue = self.atoms[place - 1].roles.get("cue") if place else None
        return cue is not None and cue.means == "absent" and cue.stands == "before"

    def _fits(self, found: Found, word: str) -> bool:
        base, _ = self.lexicon.place_of.get(found.name, (found.name, ""))
        known = (base, word) in self.lexicon.together
        for (name, _), gives in self.lexicon.together.items():
            known = known or (name == base and (gives, word) in self.lexicon.together)
        return known

    def _nearest(self, place: int) -> Found | None:
        """The finding a describing word is shown with."""
        before, after = self._before(place), self._after(place)
        if before is not None and place <= before.last:
            return before
        near_after = after is not None and self._clear(place + 1, after.first)
        return after if near_after else before

    def _bound(self, place: int, word: str) -> Found | None:
        """The finding that the word makes more specific; None where it only describes."""
        before, after = self._before(place), self._after(place)
        if before is not None and place <= before.last:
            return before if self._fits(before, word) else None
        near_after = after is not None and self._clear(place + 1, after.first)
        if after is not None and near_after and self._fits(after, word):
            return after
        if word.endswith("response"):
            return self._rhythm_before(place, word)
        if self._denied(place):
            return None  # "inferior infarct, no acute changes": no acute infarct
        fits = before is not None and self._fits(before, word)
        return before if before is not None and fits and self._reaches(before, place) else None

    def _rhythm_before(self, place: int, word: str) -> Found | None:
        """The last finding of the sentence whose rate a ventricular response can be."""
        for found in reversed(self.found):
            if found.last < place and self._fits(found, word):
                return None if self._sentence_ends(found.last + 1, place) else found
        return None

    def _reaches(self, before: Found, place: int) -> bool:
        return self._clear(before.last + 1, place, ",-:")


def absorb(atoms: Sequence[Atom], found: Sequence[Found], lexicon: Lexicon) -> list[Found]:
    """A conduction ratio after a flutter becomes its qualifier: "flutter with 2:1 block"."""
    kept: list[Found] = []
    for one in found:
        text = atoms[one.first].text
        taken = False
        for name, ratios in lexicon.tables["states"]["absorbs"].items():
            owner = next((f for f in reversed(kept) if f.name.startswith(name)), None)
            ratio = one.name in ratios and not text.startswith(("high", "advanced", "complete"))
            if owner is not None and ratio and not _alternative(atoms, owner, one):
                owner.qualifiers.append(text)
                taken = True
        if kept and _spelt_out(atoms, kept[-1], one, lexicon):
            kept[-1].name, kept[-1].last = one.name, one.last
        elif not taken:
            kept.append(one)
    return kept


def _alternative(atoms: Sequence[Atom], one: Found, other: Found) -> bool:
    return any("or" in atom.roles for atom in atoms[one.last + 1 : other.first])


def _spelt_out(atoms: Sequence[Atom], one: Found, other: Found, lexicon: Lexicon) -> bool:
    """Whether a block is named again more closely: "2nd degree AV block, Mobitz I"."""
    if one.name not in ("av block", "second degree av block") or other.first <= one.last:
        return False
    between = atoms[one.last + 1 : other.first]
    closer = (
        one.name in lexicon.vocabulary.ancestors(other.name)
        if other.name in lexicon.vocabulary
        else False
    )
    return closer and all(
        (a.text in ",-:" and "mark" in a.roles)
        or (a.is_("qualifier", "filler") and not a.is_("stop", "cue"))
        for a in between
    )


def _lead(name: str) -> str:
    return (
        name.replace("av", "aV").replace("r", "R").replace("l", "L").replace("f", "F").upper()
        if not name.startswith("av")
        else "aV" + name[2:].upper()
    )
