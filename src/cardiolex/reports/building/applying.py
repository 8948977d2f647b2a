"""Decisions put to use: names -> the vocabulary's names, and the vocabulary with what is new."""

from collections import defaultdict
from dataclasses import replace

from cardiolex.errors import CardiolexError
from cardiolex.reports.building.decision import Decision, DecisionTable
from cardiolex.reports.building.guards import Guard
from cardiolex.reports.entity import Entity
from cardiolex.reports.vocabulary import Vocabulary


def targets(table: DecisionTable, vocabulary: Vocabulary) -> dict[str, str | None]:
    """Name -> the name of `vocabulary` that it sets, or None (dropped, or not in it).

    A new finding that `vocabulary` does not hold sets the first finding that it is a kind of, since
    a subtype sets its superclass. Raises CardiolexError for targets that lead nowhere or in a
    circle.
    """
    ways = _Ways(table, vocabulary)
    return {name: ways.in_vocabulary(ways.meaning(name)) for name in ways.settled}


def reasons(table: DecisionTable) -> dict[str, str]:
    """Name -> what was decided about it and why, for a person to read."""
    said = {}
    for row in table:
        if row.decision in ("same", "new", "drop"):
            who = "by hand" if row.by_hand else row.reason
            said[row.name] = f"{row.decision}: {who}"
    return said


def extended(
    table: DecisionTable, vocabulary: Vocabulary, *, version: str, min_mentions: int = 1
) -> Vocabulary:
    """`vocabulary` with the table's new findings, synonyms and superclasses.

    New findings with fewer than `min_mentions` mentions, synonyms counted in, stay out unless a
    person decided. The entities that were there keep their order.
    """
    ways = _Ways(table, vocabulary)
    entities = {entity.name: entity for entity in vocabulary.entities}
    for name, rows in ways.meanings().items():
        enough = sum(row.mentions for row in rows) >= min_mentions
        if name in entities or enough or any(row.by_hand for row in rows):
            entity = entities.get(name, Entity(name))
            new = [r.name for r in rows if r.name != name and vocabulary.resolve(r.name) is None]
            entities[name] = replace(
                entity, synonyms=tuple(dict.fromkeys([*entity.synonyms, *new]))
            )
    for name, broader in ways.kinds():
        if name in entities:
            entities.setdefault(broader, Entity(broader))
            above = tuple(dict.fromkeys([*entities[name].is_a, broader]))
            entities[name] = replace(entities[name], is_a=above)
    return Vocabulary(
        list(entities.values()),
        version=version,
        contrasts=vocabulary.contrasts,
        expansions=vocabulary.expansions,
        source=table.source,
    )


def warnings(table: DecisionTable, vocabulary: Vocabulary) -> list[str]:
    """Merges by hand that a guard would have prevented: they hold, and are worth a second look."""
    guard = Guard(vocabulary)
    found = []
    for row in table.by_hand():
        verdict = guard.compare(row.name, row.target) if row.decision == "same" else None
        if verdict is not None and verdict.relation != "free":
            found.append(f"'{row.name}' is taken for '{row.target}': {verdict.reason}")
    return found


class _Ways:
    """Follows decisions from name to name."""

    def __init__(self, table: DecisionTable, vocabulary: Vocabulary) -> None:
        self.table = table
        self.vocabulary = vocabulary
        self.settled = {r.name: r for r in table if r.decision in ("same", "new", "drop")}
        self._above: dict[str, list[str]] = defaultdict(list)
        for row in table:
            if row.decision == "kind of":
                self._above[row.name].append(row.target)

    def meaning(self, name: str) -> str | None:
        """The finding that a name means: in the vocabulary or new; None if dropped."""
        path: list[str] = []
        while True:
            if name in path:
                circle = " -> ".join([*path[path.index(name) :], name])
                raise CardiolexError(
                    f"{self.table.source}: decisions run in a circle: {circle}. Cut it."
                )
            row = self.settled.get(name)
            if row is None or (row.decision == "same" and row.target == name):
                return self._known(name, path[-1] if path else name)
            if row.decision != "same":
                return None if row.decision == "drop" else name
            path.append(name)
            name = row.target

    def _known(self, target: str, of: str) -> str:
        found = target if target in self.vocabulary else self.vocabulary.resolve(target)
        if found is None:
            raise CardiolexError(
                f"{self.table.source}: target '{target}' of '{of}' is neither in "
                f"{self.vocabulary.source} nor a name of the table. Correct the spelling, or add "
                f"a line 'new' for it."
            )
        return found

    def meanings(self) -> dict[str, list[Decision]]:
        """Finding -> the rows of all names that mean it."""
        found: dict[str, list[Decision]] = defaultdict(list)
        for name, row in self.settled.items():
            meaning = self.meaning(name)
            if meaning is not None:
                found[meaning].append(row)
        return found

    def kinds(self) -> list[tuple[str, str]]:
        """(finding, broader finding), both by their final names."""
        found = []
        for name, above in self._above.items():
            narrow = self.meaning(name) if name in self.settled else self._known(name, name)
            for title in above:
                broad = self.meaning(title) if title in self.settled else self._title(title)
                if narrow is not None and broad is not None and narrow != broad:
                    found.append((narrow, broad))
        return list(dict.fromkeys(found))

    def _title(self, title: str) -> str:
        return self.vocabulary.resolve(title) or title

    def in_vocabulary(self, name: str | None) -> str | None:
        """The finding itself if the vocabulary holds it, else the first one above it that is."""
        seen: set[str] = set()
        waiting = [] if name is None else [name]
        while waiting:
            current = waiting.pop(0)
            if current in self.vocabulary:
                return current
            seen.add(current)
            above = [self._meaning_of_title(title) for title in self._above.get(current, ())]
            waiting += [a for a in above if a is not None and a not in seen]
        return None

    def _meaning_of_title(self, title: str) -> str | None:
        return self.meaning(title) if title in self.settled else self._title(title)
