"""One finding of the vocabulary, and how it stands in the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.reports.wording import alternatives

LISTS = ("is_a", "synonyms", "abbreviations", "german", "swedish", "never_merge")


@dataclass(frozen=True)
class Entity:
    """A finding: its name, its wordings, its superclasses and its near-misses.

    Wordings are kept as written in the file, with "(a|b|)" groups; `wordings` spells them out.
    """

    name: str
    is_a: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    german: tuple[str, ...] = ()
    swedish: tuple[str, ...] = ()
    never_merge: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def english(self) -> tuple[str, ...]:
        """Canonical name first, then every English wording, abbreviations excluded."""
        spelt = [reading for text in self.synonyms for reading in alternatives(text)]
        return tuple(dict.fromkeys([self.name, *spelt]))

    @property
    def wordings(self) -> tuple[str, ...]:
        """Everything that means this finding, in every language, abbreviations included."""
        other = [
            reading for text in (*self.german, *self.swedish) for reading in alternatives(text)
        ]
        return tuple(dict.fromkeys([*self.english, *self.abbreviations, *other]))

    @classmethod
    def from_dict(cls, row: Mapping[str, Any], where: str) -> "Entity":
        """Read one [[entity]] table; `where` names the file in error messages."""
        name = row.get("name")
        if not isinstance(name, str) or not name.strip():
            raise CardiolexError(f"{where}: an entity has no name: {dict(row)!r}. Give it one.")
        extra = sorted(set(row) - {"name", "codes", *LISTS})
        if extra:
            raise CardiolexError(
                f"{where}: entity '{name}' has unknown field '{extra[0]}'. "
                f"Known are name, {', '.join(LISTS)}, codes."
            )
        lists = {key: _strings(row.get(key, []), f"{where}: '{name}': {key}") for key in LISTS}
        codes = row.get("codes", {})
        if not isinstance(codes, Mapping):
            raise CardiolexError(f"{where}: '{name}': codes must be a table, not {codes!r}.")
        checked = {k: _strings(v, f"{where}: '{name}': codes.{k}") for k, v in codes.items()}
        return cls(name=name, codes=MappingProxyType(checked), **lists)

    def to_dict(self) -> dict[str, Any]:
        """The inverse of `from_dict`; empty fields are left out."""
        row: dict[str, Any] = {"name": self.name}
        row.update({key: list(getattr(self, key)) for key in LISTS if getattr(self, key)})
        if self.codes:
            row["codes"] = {system: list(values) for system, values in self.codes.items()}
        return row


def _strings(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        raise CardiolexError(f"{where} must be a list of non-empty texts, not {value!r}.")
    return tuple(value)
