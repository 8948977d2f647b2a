"""The name or names of a finding, from all that is said of it."""

from collections.abc import Sequence

from cardiolex.reports.rules.found import Found
from cardiolex.reports.rules.lexicon import Lexicon


def names(found: Found, lexicon: Lexicon) -> list[str]:
    """The name or names a finding has with its ages, rates and places."""
    base, own = lexicon.place_of.get(found.name, (found.name, ""))
    words = list(found.words)
    if {"limb leads", "chest leads"} <= set(words):  # in both: low voltage, of no place
        words = [word for word in words if not word.endswith(" leads")]
    for _ in range(2):
        for word in [*words, *found.places]:
            base = lexicon.together.get((base, word), base)
    places = ([own] if own else []) + [place for place in found.places if place != own]
    leads = " ".join(name.lower() for name in found.leads)
    if not places and leads in lexicon.tables["qualifiers"]["lead_places"]:
        places = [lexicon.tables["qualifiers"]["lead_places"][leads]]
        base = lexicon.together.get((base, places[0]), base)
    plain, _ = lexicon.place_of.get(found.name, (found.name, ""))
    bases = (base, plain, lexicon.without_age(plain))
    named = [
        _placed(bases, place, lexicon) or lexicon.with_place(base, place, nearest=True) or base
        for place in _join(places, bases, lexicon)
    ]
    return list(dict.fromkeys(named)) or _kinds(plain, found.qualifiers, lexicon) or [base]


def _kinds(name: str, words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """ "Multifocal interpolated PVCs" are both; empty where fewer than two kinds are said."""
    kinds = lexicon.tables["qualifiers"]["kinds"]
    rows = [row for row in lexicon.together.items() if row[0][1] in kinds]
    base, own = next((key for key, gives in rows if gives == name), (name, ""))
    given = [gives for key, gives in rows if key[0] == base and key[1] in {own, *words}]
    return given if len(given) > 1 else []


def _placed(bases: Sequence[str], place: str, lexicon: Lexicon) -> str | None:
    """The name in a territory; the age gives way where no name holds both."""
    return next(filter(None, (lexicon.with_place(base, place) for base in bases)), None)


def _join(places: list[str], bases: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Two territories as one, where the finding has a name for it."""
    if len(places) == 2:
        for pair, joined in lexicon.tables["qualifiers"]["joined_places"].items():
            if set(pair.split(" + ")) == set(places) and _placed(bases, joined, lexicon):
                return [joined]
    return places
