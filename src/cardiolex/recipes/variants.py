"""Ablations of the papers as data: a variant is a named override of a recipe's settings.

    VARIANTS = {
        "no-contrast": Variant("Tab. 2", {"system": KMERL.Config(contrast_weight=0.0)}, "73.98"),
        ...
    }

    class KMERLRun(StoreRun):
        variants = VARIANTS
        variant: Annotated[str | None, Parameter(help=listed(VARIANTS))] = None

is all that a recipe needs: `RecipeConfig` lays the changes over the recipe's defaults, and what the
caller sets himself over both. A section is written as its config object, of which only the fields
that are set count, so mypy checks names and types. `pretrain` records the name in run.json.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cardiolex.errors import CardiolexError


@dataclass(frozen=True)
class Variant:
    """One row of an ablation."""

    table: str
    """Where the paper reports it, e.g. "Tab. 2"."""
    changes: Mapping[str, Any]
    """Field of the recipe -> value, or a config object whose set fields are meant."""
    published: str = ""
    """The paper's figure, in its own terms; empty where it gives none in numbers."""

    def override(self) -> dict[str, Any]:
        """The changes as nested dicts that hold only what changes."""
        return {
            name: value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
            for name, value in self.changes.items()
        }


def variant_named(name: str, variants: Mapping[str, Variant]) -> Variant:
    """The variant; CardiolexError with the nearest names if there is none."""
    if name in variants:
        return variants[name]
    if not variants:
        raise CardiolexError(f"variant {name!r}: this recipe has none")
    near = difflib.get_close_matches(name, variants, n=3, cutoff=0.4)
    meant = f"did you mean {' or '.join(map(repr, near))}?" if near else "see --help for all"
    raise CardiolexError(f"there is no variant {name!r}; {meant}")


def listed(variants: Mapping[str, Variant]) -> str:
    """Help text: all names by the table they belong to."""
    tables: dict[str, list[str]] = {}
    for name, variant in variants.items():
        tables.setdefault(variant.table, []).append(name)
    rows = [f"{table}: {', '.join(names)}." for table, names in tables.items()]
    return " ".join(["An ablation of the paper; options set beside it win.", *rows])


def said(name: str, variant: Variant) -> str:
    """A line for the start of a run: what differs from the published system."""
    published = f", published {variant.published}" if variant.published else ""
    changes = ", ".join(f"{key} = {value}" for key, value in flat(variant.override()).items())
    return f"variant {name} ({variant.table}{published}): {changes}"


def flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} to {"a.b": 1}."""
    result: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping) and value:
            result |= flat(value, f"{prefix}{name}.")
        else:
            result[f"{prefix}{name}"] = value
    return result
