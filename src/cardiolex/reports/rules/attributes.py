"""Which place, leads, age and number belong to which finding, and the name that follows."""

from collections.abc import Iterator, Sequence

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.findings import Found
from cardiolex.reports.rules.language import language_of
from cardiolex.reports.rules.lexicon import Lexicon

_BESIDE = ("qualifier", "place", "leads", "site", "age", "doubtful age", "kind", "rate", "filler",
           "and", "or", "state", "cue", "number")  # fmt: skip
_LEAD_NOUNS = ("lead", "ableitungen", "ableitung", "abl", "wall", "avledningar", "avledningarna")
_IN = ("in", "over", "im", "i", "der", "uber", "ueber", "across", "throughout")
_BEYOND = ("involving", "extending to", "extends to", "envolving", "with extension to")
_WORDS = ("age", "rate", "kind", "site")
_INFLECTED = ("er", "e", "en", "es")


class Attributes:
    """Gives every describing word of a text to a finding."""

    def __init__(self, atoms: Sequence[Atom], found: Sequence[Found], lexicon: Lexicon) -> None:
        self.atoms = atoms
        self.found = found
        self.lexicon = lexicon
        self.german = language_of(atoms) == "de"
        places = lexicon.tables["states"]["places"]
        self.placed = {*places, *lexicon.place_of, *lexicon.tables["states"]["takes_place"]}

    def attach(self) -> None:
        """Fill places, leads, words and qualifiers of all findings."""
        for place, atom in enumerate(self.atoms):
            if "leads" in atom.roles:
                owner = self._before(place) or self._after(place)
                if owner is not None:
                    owner.leads += [_lead(name) for name in atom.roles["leads"]]
            self._words(place, atom)
        for chain in self._chains():
            self._place(chain)

    # ------------------------------------------------------------ neighbours
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

    # ------------------------------------------------------------ ages, rates, kinds, sites
    def _words(self, place: int, atom: Atom) -> None:
        for role in (*_WORDS, "doubtful age", "qualifier"):
            if role not in atom.roles:
                continue
            word = atom.roles[role] or atom.text
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

    # ------------------------------------------------------------ places
    def _chains(self) -> Iterator[list[int]]:
        """Places named together: "inferior and lateral", "lat. und inferior"."""
        chain: list[int] = []
        for place, atom in enumerate(self.atoms):
            if "place" in atom.roles and not atom.is_("entity"):
                between = self.atoms[chain[-1] + 1 : place] if chain else []
                linked = all(b.is_("and", "or") or b.text in ("+", "/", ",") for b in between)
                bare = not between and chain and self.german is False
                if chain and linked and (between or bare or self._both(chain[-1], place)):
                    chain.append(place)
                    continue
                if chain:
                    yield chain
                chain = [place]
        if chain:
            yield chain

    def _both(self, one: int, other: int) -> bool:
        """ "inferiorer posteriorer infarkt": two places side by side with one meaning."""
        pair = {self.atoms[one].roles["place"], self.atoms[other].roles["place"]}
        return pair in self._joined

    @property
    def _joined(self) -> list[set[str]]:
        return [set(key.split(" + ")) for key in self.lexicon.tables["qualifiers"]["joined_places"]]

    def _place(self, chain: list[int]) -> None:
        names = [self.atoms[place].roles["place"] for place in chain]
        owner = self._place_owner(chain)
        if owner is None:
            near = self._before(chain[0]) or self._after(chain[-1])
            if near is not None:
                near.qualifiers += names
            return
        owner.qualifiers += names
        beyond = self.atoms[chain[0] - 1].text in _BEYOND if chain[0] else False
        if not beyond:
            owner.places += [name for name in names if name not in owner.places]

    def _place_owner(self, chain: list[int]) -> Found | None:
        first, last = chain[0], chain[-1]
        before, after = self._before(first), self._after(last)
        if before is not None and before.name not in self.placed:
            before = None
        if self._cut_off(chain):
            return None
        near_after = (
            after is not None
            and after.name in self.placed
            and (self._clear(last + 1, after.first) or self._listed(last + 1, after.first))
        )
        if before is not None and first <= before.last:
            return before
        if before is not None and not self._clear(before.last + 1, first, ",-:/+"):
            before = None
        close = after is not None and near_after and self._adjacent(last, after)
        if before is not None and (self._is_location(chain, close) or not near_after):
            return before
        if before is not None and after is not None and not self._adjacent(last, after):
            return before
        if near_after and before is not None and self._postponed(before, first):
            return before
        return after if near_after else None

    def _listed(self, start: int, end: int) -> bool:
        """ "anteroseptaler, chronischer Infarkt": place and age in a list."""
        between = self.atoms[start:end]
        comma = bool(between) and between[0].text == ","
        return comma and len(between) > 1 and all(atom.is_("age") for atom in between[1:])

    def _adjacent(self, last: int, after: Found) -> bool:
        """Whether the finding follows with no filler or hedge in between."""
        between = self.atoms[last + 1 : after.first]
        return all(atom.is_("age", "qualifier", "kind", "site", "state") for atom in between)

    def _cut_off(self, chain: list[int]) -> bool:
        """A line that breaks off after its place: the finding it belongs to is lost."""
        rest = self.atoms[chain[-1] + 1 :]
        before = self.atoms[chain[0] - 1 : chain[0]]
        opened = self.atoms[chain[0]].gap or any("cue" in atom.roles for atom in before)
        return opened and len(rest) <= 1 and all("unknown" in atom.roles for atom in rest)

    def _is_location(self, chain: list[int], close: bool) -> bool:
        """Whether the places are said as a location: "in the inferior leads", "lateral leads"."""
        end = chain[-1] + 1
        noun = end < len(self.atoms) and self.atoms[end].text in _LEAD_NOUNS
        start = chain[0] - 1
        inside = start >= 0 and self.atoms[start].text.split(" ")[-1] in _IN
        return noun or (inside and not close)

    def _postponed(self, before: Found, place: int) -> bool:
        """German puts an uninflected place after its finding: "infarkt anteroseptal"."""
        atom = self.atoms[place]
        if atom.gap or not self.german or atom.text.endswith(_INFLECTED):
            return False
        return not before.places or self._clear(before.last + 1, place)


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
