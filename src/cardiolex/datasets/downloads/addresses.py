"""Where the public data sets lie, with licence and citation: see addresses.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from cardiolex.errors import CardiolexError


@dataclass(frozen=True)
class Address:
    """One data set. `kind` says what answers at `address`, see addresses.toml."""

    name: str
    title: str
    kind: Literal["folder", "zenodo", "figshare"]
    address: str
    size_gb: float
    licence: str
    citation: str
    parts: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def addresses() -> dict[str, Address]:
    """Name -> where it lies."""
    text = files(__package__).joinpath("addresses.toml").read_text("utf-8")
    return {
        name: Address(name=name, **{**row, "parts": tuple(row.get("parts", ()))})
        for name, row in tomllib.loads(text).items()
    }


def address_of(name: str) -> Address:
    """The address of a data set; CardiolexError if it is none that is known."""
    if name not in addresses():
        raise CardiolexError(f"no data set {name!r}; there are {', '.join(addresses())}")
    return addresses()[name]
