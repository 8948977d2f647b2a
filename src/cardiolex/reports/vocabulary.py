"""The vocabulary of findings: names, wordings, superclasses, and what must never be merged.

The bundled file, `vocabulary.toml`, is meant to be read and edited by a clinician. A subtype sets
its superclasses (K-MERL keeps both as queries), so a label vector has one place for each of them.
"""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.reports.entity import Entity
from cardiolex.reports.vocabulary_checks import ancestors, check, wording_table
from cardiolex.reports.wording import bag, contains, key

BUNDLED = Path(__file__).with_name("vocabulary.toml")


class Vocabulary:
    """Findings in a fixed order; position in `names` is the position in every label vector."""

    def __init__(
        self,
        entities: Sequence[Entity],
        *,
        version: str,
        contrasts: Sequence[Sequence[str]] = (),
        expansions: Mapping[str, str] | None = None,
        source: str = "vocabulary",
    ) -> None:
        self.entities = tuple(entities)
        self.version = version
        self.contrasts = tuple(tuple(group) for group in contrasts)
        self.expansions = dict(expansions or {})
        self.source = source
        self._by_name = {entity.name: entity for entity in self.entities}
        check(self.entities, source)
        self._ancestors = ancestors(self.entities, source)
        self._keys, self._bags = wording_table(self.entities, source)
        self._contrast_keys = [[key(word) for word in group] for group in self.contrasts]

    # ------------------------------------------------------------ files
    @classmethod
    def load(cls, path: str | Path | None = None) -> "Vocabulary":
        """Read a .toml or .json vocabulary; without a path the bundled one.

        Raises CardiolexError that names the file and the entity for unknown or cyclic superclasses,
        for one wording in two entities, and for malformed files.
        """
        return _bundled() if path is None else cls._read(Path(path))

    @classmethod
    def _read(cls, path: Path) -> "Vocabulary":
        try:
            text = path.read_text(encoding="utf-8")
            content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            raise CardiolexError(f"{path}: cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise CardiolexError(f"{path}: is not valid {path.suffix[1:]}: {error}.") from error
        return cls.from_dict(content, source=str(path))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], source: str = "vocabulary") -> "Vocabulary":
        """Build from plain data with the file's sections version, contrasts, expansions, entity."""
        if not isinstance(content, Mapping):
            raise CardiolexError(f"{source}: a vocabulary is a table, not a {type(content)}.")
        extra = sorted(set(content) - {"version", "contrasts", "expansions", "entity"})
        if extra:
            raise CardiolexError(f"{source}: unknown section '{extra[0]}'. Remove it.")
        rows = content.get("entity", [])
        if not isinstance(rows, list) or not rows:
            raise CardiolexError(f"{source}: has no [[entity]]. Add at least one.")
        return cls(
            [Entity.from_dict(row, source) for row in rows],
            version=str(content.get("version", "0")),
            contrasts=content.get("contrasts", ()),
            expansions=content.get("expansions", {}),
            source=source,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; `from_dict(to_dict())` is the same vocabulary."""
        return {
            "version": self.version,
            "contrasts": [list(group) for group in self.contrasts],
            "expansions": dict(self.expansions),
            "entity": [entity.to_dict() for entity in self.entities],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to other processes as plain data."""
        return Vocabulary.from_dict, (self.to_dict(), self.source)

    def save(self, path: str | Path) -> None:
        """Write as .json (the form that travels in a checkpoint) or .toml (the form to edit)."""
        path = Path(path)
        if path.suffix not in (".json", ".toml"):
            raise CardiolexError(f"{path}: a vocabulary is saved as .json or .toml.")
        if path.suffix == ".json":
            write_text(path, json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n")
        else:
            write_text(path, _to_toml(self.to_dict()))

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any change of content or order."""
        plain = json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    # ------------------------------------------------------------ look-up
    @cached_property
    def names(self) -> tuple[str, ...]:
        """All Q canonical names, superclasses included, in the order of the file."""
        return tuple(self._by_name)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Canonical name -> place in `names`."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def superclasses(self) -> tuple[str, ...]:
        """The names that another entity is a kind of."""
        parents = {parent for entity in self.entities for parent in entity.is_a}
        return tuple(name for name in self.names if name in parents)

    def __len__(self) -> int:
        return len(self.entities)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Entity:
        """The entity of a canonical name; CardiolexError with the nearest names otherwise."""
        entity = self._by_name.get(name)
        if entity is None:
            near = difflib.get_close_matches(name, self.names, n=3, cutoff=0.6)
            hint = f" Nearest: {', '.join(near)}." if near else ""
            raise CardiolexError(f"{self.source}: has no entity '{name}'.{hint}")
        return entity

    def resolve(self, text: str) -> str | None:
        """The canonical name of a wording, or None.

        Whole wordings only: "no atrial fibrillation" or "probable LVH" are not names of a finding.
        """
        exact = self._keys.get(key(text)) or self._keys.get(key(self.expand(text)))
        return exact or self._bags.get(bag(text)) or self._bags.get(bag(self.expand(text)))

    def expand(self, text: str) -> str:
        """Spell out cart shorthand ("lat. T abn" -> …), word by word; case of the rest is kept."""
        words = text.split()
        spelt = [self.expansions.get(word.lower().strip(".,;"), word) for word in words]
        return " ".join(spelt)

    def expand_names(self, text: str) -> str:
        """As `expand`, and abbreviations of findings become names: "old LBBB" -> "old left …"."""
        words = []
        for word in self.expand(text).split():
            bare = word.strip("().,;")
            name = self._abbreviations.get(bare.casefold())
            words.append(word if name is None else word.replace(bare, name))
        return " ".join(words)

    @cached_property
    def _abbreviations(self) -> dict[str, str]:
        return {a.casefold(): e.name for e in self.entities for a in e.abbreviations}

    def from_code(self, system: str, code: str) -> tuple[str, ...]:
        """Names that carry a code of "scp", "snomed", "aha", "minnesota" or "csn"."""
        return tuple(e.name for e in self.entities if code in e.codes.get(system, ()))

    # ------------------------------------------------------------ hierarchy
    def ancestors(self, name: str) -> frozenset[str]:
        """All superclasses of a name, over all levels, without itself."""
        return self._ancestors[self[name].name]

    def closure(self, present: Iterable[str]) -> frozenset[str]:
        """The names and all their superclasses."""
        chosen = [self[name].name for name in present]
        return frozenset(chosen).union(*(self._ancestors[name] for name in chosen))

    def label_vector(
        self,
        present: Iterable[str],
        unknown: Iterable[str] = (),
        judged: Iterable[str] | None = None,
    ) -> NDArray[np.float32]:
        """Labels, shape (Q,): 1 present, 0 absent, NaN unknown.

        A present finding sets its superclasses to 1. An unknown one is NaN and so is every
        superclass that nothing else sets: it could be true. `judged` (names) limits what may be
        called absent: outside its closure the label is NaN, since nobody looked for it.
        """
        labels = np.zeros(len(self), dtype=np.float32)
        if judged is not None:
            labels[:] = np.nan
            labels[self._places(self.closure(judged))] = 0
        labels[self._places(self.closure(unknown))] = np.nan
        labels[self._places(self.closure(present))] = 1
        return labels

    def _places(self, names: Iterable[str]) -> list[int]:
        return [self.index[name] for name in names]

    # ------------------------------------------------------------ opposites
    def contrast(self, a: str, b: str) -> tuple[str, str] | None:
        """The words by which two texts exclude one another ("left", "right"), or None."""
        key_a, key_b = key(a), key(b)
        for group in self._contrast_keys:
            in_a, in_b = contains(key_a, group), contains(key_b, group)
            if in_a and in_b and in_a != in_b:
                return " ".join(sorted(in_a)), " ".join(sorted(in_b))
        return None

    def may_merge(self, a: str, b: str) -> bool:
        """Whether two wordings may be taken for one finding at all.

        False if they resolve to different entities, stand in each other's never_merge, or differ
        in a contrast word. True is only a permission, never a proof.
        """
        name_a, name_b = self.resolve(a), self.resolve(b)
        if name_a is not None and name_b is not None:
            return name_a == name_b
        return self.contrast(a, b) is None

    def opposites(self, name: str) -> frozenset[str]:
        """Names that stand in never_merge with `name`, in either direction."""
        listed = set(self[name].never_merge)
        return frozenset(listed | {e.name for e in self.entities if name in e.never_merge})


@lru_cache(maxsize=1)
def _bundled() -> Vocabulary:
    return Vocabulary._read(BUNDLED)


def _to_toml(content: Mapping[str, Any]) -> str:
    def text(value: Any) -> str:
        if isinstance(value, Mapping):
            inner = ", ".join(f"{text(k)} = {text(v)}" for k, v in value.items())
            return f"{{ {inner} }}"
        return json.dumps(value, ensure_ascii=False)

    lines = [f"version = {text(content['version'])}", "contrasts = ["]
    lines += [f"  {text(group)}," for group in content["contrasts"]]
    lines += ["]", "", "[expansions]"]
    lines += [f"{text(short)} = {text(full)}" for short, full in content["expansions"].items()]
    for row in content["entity"]:
        lines += ["", "[[entity]]", *(f"{field} = {text(value)}" for field, value in row.items())]
    return "\n".join(lines) + "\n"
