"""Which place belongs to which finding: "inferior and lateral ST elevation"."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.found import Found
from cardiolex.reports.rules.language import language_of
from cardiolex.reports.rules.lexicon import Lexicon
from cardiolex.reports.rules.neighbours import Neighbours

_LEAD_NOUNS = (
    "lead",
    "ableitungen",
    "ableitung",
    "abl",
    "wall",
    "avledningar",
    "avledningarna",
)
_IN = ("in", "over", "im", "i", "der", "uber", "ueber", "across", "throughout")
_BEYOND = ("involving", "extending to", "extends to", "envolving", "with extension to")
_EXTENSIONS = ("extension", "involvement", "beteiligung", "utbredning")
_INFLECTED = ("er", "e", "en", "es")


class Places(Neighbours):
    """Gives every place of a text to a finding; new findings where one place is in doubt."""

    def __init__(self, atoms: Sequence[Atom], found: list[Found], lexicon: Lexicon) -> None:
        super().__init__(atoms, found)
        self.lexicon = lexicon
        self.german = language_of(atoms) == "de"
        places = lexicon.tables["states"]["places"]
        self.placed = {
            *places,
            *lexicon.place_of,
            *lexicon.tables["states"]["takes_place"],
        }

    def attach(self) -> None:
        """Fill the places of all findings."""
        for chain in self._chains():
            self._place(chain)

    def _chains(self) -> Iterator[list[int]]:
        """Places named together: "inferior and lateral", "lat. und inferior"."""
        chain: list[int] = []
        for place, atom in enumerate(self.atoms):
            if "place" in atom.roles and not atom.is_("entity"):
                between = self.atoms[chain[-1] + 1 : place] if chain else []
                linked = all(b.is_("and", "or") or b.text in ("+", "/", ",") for b in between)
                bare = not between and chain and self.german is False
                bare = bare or (not between and chain and self._combining(chain[-1]))
                linked = linked or (bool(chain) and self._hedged_link(between))
                if chain and linked and (between or bare or self._both(chain[-1], place)):
                    chain.append(place)
                    continue
                if chain:
                    yield chain
                chain = [place]
        if chain:
            yield chain

    def _combining(self, place: int) -> bool:
        """ "infero-apical": the first place is a combining form."""
        return self.atoms[place].text.endswith("o")

    def _hedged_link(self, between: Sequence[Atom]) -> bool:
        """ "inferior and possibly lateral infarct": a doubt about the second place only."""
        if len(between) != 2 or "and" not in between[0].roles or "cue" not in between[1].roles:
            return False
        return bool(between[1].roles["cue"].means == "uncertain")

    def _both(self, one: int, other: int) -> bool:
        """ "inferiorer posteriorer infarkt": two places side by side with one meaning."""
        pair = {self.atoms[one].roles["place"], self.atoms[other].roles["place"]}
        return pair in self._joined

    @property
    def _joined(self) -> list[set[str]]:
        return [set(key.split(" + ")) for key in self.lexicon.tables["qualifiers"]["joined_places"]]

    def _place(self, chain: list[int]) -> None:
        names = [self.atoms[place].roles["place"] for place in chain]
        if self._extended(chain, names):
            return
        owner = self._place_owner(chain)
        if owner is None:
            near = self._before(chain[0]) or self._after(chain[-1])
            if near is not None:
                near.qualifiers += names
            return
        owner.qualifiers += names
        if self._divide(owner, chain):
            return
        beyond = self.atoms[chain[0] - 1].text in _BEYOND if chain[0] else False
        if not beyond:
            owner.places += [name for name in names if name not in owner.places]
        if self._is_location(chain, close=False):
            self._also_before(owner, chain, names)

    def _extended(self, chain: list[int], names: list[str]) -> bool:
        """ "anterior infarct, possible lateral extension": an infarct of that place as well."""
        after = self.atoms[chain[-1] + 1 : chain[-1] + 2]
        before = self._before(chain[0])
        if not after or after[0].text not in _EXTENSIONS or before is None:
            return False
        base, _ = self.lexicon.place_of.get(before.name, (before.name, ""))
        if not base.endswith("infarction") or before.last >= chain[0]:
            return False
        further = Found(base, chain[0], chain[-1] + 1, words=list(before.words), places=names)
        self.found.insert(self.found.index(before) + 1, further)
        return True

    def _divide(self, owner: Found, chain: list[int]) -> bool:
        """ "inferior or lateral infarct": as many findings as places, each in doubt of its own."""
        for one, other in pairwise(chain):
            between = self.atoms[one + 1 : other]
            doubted = tuple(n for n in range(one + 1, other) if "cue" in self.atoms[n].roles)
            if not doubted and not any("or" in atom.roles for atom in between):
                continue
            ahead = [self.atoms[n].roles["place"] for n in chain if n <= one]
            rest = [self.atoms[n].roles["place"] for n in chain if n > one]
            either = not doubted
            twin = replace(
                owner,
                places=[*owner.places, *rest],
                words=list(owner.words),
                leads=list(owner.leads),
                qualifiers=list(owner.qualifiers),
                either=either,
            )
            owner.places += ahead
            owner.either = either
            owner.deaf += doubted
            self.found.insert(self.found.index(owner) + 1, twin)
            return True
        return False

    def _also_before(self, owner: Found, chain: list[int], names: list[str]) -> None:
        """ "ST depression, consider ischemia, inferior leads": the leads are those of both."""
        number = self.found.index(owner)
        if not number or owner.last > chain[0] or owner.subject:
            return
        before = self.found[number - 1]
        between = self.atoms[before.last + 1 : owner.first]
        cues = [atom.roles["cue"] for atom in between if "cue" in atom.roles]
        hedged = any(cue.means == "uncertain" and cue.stands != "after" for cue in cues)
        held = before.places or before.leads or before.name in self.lexicon.place_of
        free = not held and before.name in self.placed
        if hedged and free and self._clear(before.last + 1, owner.first, ",-:"):
            before.places += names
            before.qualifiers += names

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
        if (
            before is not None
            and before.leads
            and close
            and after is not None
            and after.first == last + 1
        ):
            return after
        if before is not None and after is not None and not self._adjacent(last, after):
            return before
        inside = close and first > 0 and self.atoms[first - 1].is_("age", "cue")
        inside = inside and not any(atom.closes for atom in self.atoms[first : last + 1])
        if near_after and before is not None and not inside and self._postponed(before, first):
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
