"""Reading the tables that are in the package."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.published.cells import Cell, cell_of


@dataclass(frozen=True)
class Paper:
    """A paper, and how much of it was at hand."""

    key: str
    name: str
    title: str
    venue: str
    arxiv: str
    version: str
    read: str
    tables: Mapping[str, str]
    """Number (or name, where the number is not known) -> what it shows."""
    figures: Mapping[str, str]

    @property
    def source(self) -> str:
        """For a caption: arXiv number and version."""
        return f"arXiv {self.arxiv}, version: {self.version}"


@cache
def papers() -> Mapping[str, Paper]:
    """The papers by key: kmerl, supreme, melp, merl."""
    found = tomllib.loads(_text("papers.toml"))
    return {key: Paper(key=key, **entry) for key, entry in found.items()}


@cache
def all_cells(paper: str) -> tuple[Cell, ...]:
    """Every figure of a paper; CardiolexError if there is no such paper."""
    if paper not in papers():
        raise CardiolexError(f"no tables of {paper!r}; there are {', '.join(papers())}")
    rows = csv.DictReader(_text(f"{paper}.csv").splitlines())
    return tuple(cell_of(paper, row) for row in rows)


def published_table(paper: str, table: str) -> tuple[Cell, ...]:
    """The figures of one table, in its order; CardiolexError naming the tables that there are."""
    cells = tuple(cell for cell in all_cells(paper) if cell.table == table)
    if not cells:
        known = ", ".join(papers()[paper].tables)
        raise CardiolexError(f"no table {table!r} of {paper}; there are {known}")
    return cells


def _text(name: str) -> str:
    folder = files("cardiolex.evaluation.published")
    return folder.joinpath(name).read_text(encoding="utf-8")
