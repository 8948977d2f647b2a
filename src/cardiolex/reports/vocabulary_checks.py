"""What must hold of a vocabulary, checked whenever one is built."""

from collections.abc import Mapping, Sequence

from cardiolex.errors import CardiolexError
from cardiolex.reports.entity import Entity
from cardiolex.reports.wording import bag, key


def check(entities: Sequence[Entity], source: str) -> None:
    """Names are unique; superclasses and never_merge name existing, other entities."""
    names = [entity.name for entity in entities]
    known = set(names)
    for name in names:
        if names.count(name) > 1:
            raise CardiolexError(f"{source}: entity '{name}' stands twice. Join the two.")
    for entity in entities:
        for field in ("is_a", "never_merge"):
            for other in getattr(entity, field):
                if other not in known:
                    raise CardiolexError(
                        f"{source}: '{entity.name}': {field} names '{other}', which is no entity. "
                        "Add it or correct the spelling."
                    )
                if other == entity.name:
                    raise CardiolexError(f"{source}: '{entity.name}' stands in its own {field}.")


def ancestors(entities: Sequence[Entity], source: str) -> dict[str, frozenset[str]]:
    """Name -> all its superclasses over all levels; an error names the circle if there is one."""
    parents = {entity.name: entity.is_a for entity in entities}
    found: dict[str, frozenset[str]] = {}

    def climb(name: str, path: tuple[str, ...]) -> frozenset[str]:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise CardiolexError(f"{source}: superclasses run in a circle: {circle}. Cut it.")
        if name not in found:
            above = [climb(parent, (*path, name)) for parent in parents[name]]
            found[name] = frozenset(parents[name]).union(*above)
        return found[name]

    for name in parents:
        climb(name, ())
    return found


def wording_table(
    entities: Sequence[Entity], source: str
) -> tuple[dict[str, str], Mapping[tuple[str, ...], str]]:
    """Key -> name and bag -> name; one wording in two entities is an error.

    A bag that two entities share says nothing and is left out.
    """
    keys: dict[str, str] = {}
    bags: dict[tuple[str, ...], set[str]] = {}
    for entity in entities:
        for wording in entity.wordings:
            owner = keys.setdefault(key(wording), entity.name)
            if owner != entity.name:
                raise CardiolexError(
                    f"{source}: '{wording}' is a wording of both '{owner}' and '{entity.name}'. "
                    "Keep it in one of them."
                )
            bags.setdefault(bag(wording), set()).add(entity.name)
    single = {b: next(iter(owners)) for b, owners in bags.items() if b and len(owners) == 1}
    return keys, single
