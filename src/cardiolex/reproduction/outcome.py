"""Published and ours side by side: as Markdown, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cardiolex.evaluation.results import markdown_table, versions, write_json
from cardiolex.files import write_text
from cardiolex.reproduction.definition import Column, TableDefinition
from cardiolex.reproduction.figure import Figure

SMALL = (
    "Small scale: a demonstration of the machinery. Tiny models, simulated recordings, few steps, "
    "the bundled text encoder in place of MedCPT; these figures say nothing about the papers."
)


@dataclass(frozen=True)
class Outcome:
    """A table with what was found for it."""

    definition: TableDefinition
    figures: Mapping[str, Mapping[Column, Figure]]
    """Row -> column -> figure of ours."""
    not_run: Mapping[str, str]
    """Rows without a model of ours, and why."""
    missing: tuple[str, ...] = ()
    """What of the evaluation sets is missing, and how to get it."""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every cell of ours that can be measured holds a figure."""
        ours = {row.name for row in self.definition.rows if row.training is not None}
        cells = [
            figure.value is not None or figure.nothing
            for row in self.figures.values()
            for column, figure in row.items()
            if column.measurable
        ]
        return not (ours & self.not_run.keys()) and all(cells)

    def cells(self) -> Iterator[tuple[str, Column, str, Figure]]:
        """Row, column, what is printed, what we found; in the order of the table."""
        for row in self.definition.rows:
            for column in self.definition.columns:
                cell = self.definition.printed(row.name, column)
                none = Figure(why=self.not_run.get(row.name, ""))
                ours = self.figures.get(row.name, {}).get(column, none)
                yield row.name, column, "" if cell is None else cell.printed, ours

    def to_markdown(self) -> str:
        """One table for each group of columns; in each cell published / ours (95 % interval)."""
        d = self.definition
        lines = [f"## {d.heading}", "", f"Published: {d.source}."]
        if self.facts.get("scale") == "small":
            made = f"{self.facts.get('steps')} steps on {self.facts.get('simulated_recordings')}"
            lines += ["", f"**{SMALL}** Here: {made} recordings."]
        if d.note:
            lines += ["", d.note]
        lines += ["", "In each cell: published / ours (95 % interval)."]
        found = {(row, column): (p, o) for row, column, p, o in self.cells()}
        for group in dict.fromkeys(column.group for column in d.columns):
            columns = [column for column in d.columns if column.group == group]
            header = (group, *(column.label for column in columns))
            rows = [
                (row.name, *(_cell(*found[row.name, column]) for column in columns))
                for row in d.rows
            ]
            lines += ["", *markdown_table(header, rows)]
        return "\n".join([*lines, "", *self._remarks()]).rstrip() + "\n"

    def _remarks(self) -> list[str]:
        lines = [f"- not run: {row}: {why}" for row, why in self.not_run.items()]
        reasons: dict[str, list[str]] = {}
        for row, column, _, ours in self.cells():
            if ours.why and row not in self.not_run:
                place = f"{row}, {column.group}, {column.label}".rstrip(", ")
                reasons.setdefault(ours.why, []).append(place)
        for why, places in reasons.items():
            more = f" and {len(places) - 2} more" if len(places) > 2 else ""
            lines.append(f"- {why}: {'; '.join(places[:2])}{more}")
        return lines + [f"- {one}" for one in self.missing]

    def to_csv(self) -> str:
        """One line per cell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = ("split_set", "protocol", "metric", "share", "leads", "classes")
        ours = ("ours", "low", "high", "records", "n_classes", "why")
        writer.writerow(["row", *names, "published", "obtained", *ours])
        for row, column, printed, one in self.cells():
            cell = self.definition.printed(row, column)
            asked = [getattr(column, name) for name in names]
            given = [one.value, one.low, one.high, one.records, one.classes, one.why]
            obtained = "" if cell is None else cell.obtained
            writer.writerow([row, *map(_plain, asked), printed, obtained, *map(_plain, given)])
        return text.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "table": self.definition.name,
            "source": self.definition.source,
            "facts": dict(self.facts),
            "not_run": dict(self.not_run),
            "missing": list(self.missing),
            "cells": [
                {
                    "row": row,
                    **vars(column),
                    "published": printed or None,
                    "ours": ours.to_dict(),
                }
                for row, column, printed, ours in self.cells()
            ],
            "versions": versions(),
        }

    def write(self, folder: Path) -> list[Path]:
        """TABLE.md, .csv, .json and, where there is something to draw, .png and .svg."""
        from cardiolex.plots.paper import save
        from cardiolex.reproduction.drawing import drawn

        base = folder / self.definition.name
        paths = [base.with_name(f"{base.name}.{kind}") for kind in ("md", "csv", "json")]
        write_text(paths[0], self.to_markdown())
        write_text(paths[1], self.to_csv())
        write_json(paths[2], self.to_dict())
        figure = drawn(self)
        if figure is not None:
            for kind in ("png", "svg"):
                paths.append(base.with_name(f"{base.name}.{kind}"))
                save(figure, paths[-1], dpi=150)
        return paths


def _cell(printed: str, ours: Figure) -> str:
    return f"{printed or '–'} / {ours.shown}"


def _plain(value: object) -> str:
    return "" if value is None else str(value)
