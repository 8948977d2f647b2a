"""The same questions with fewer leads, down to one.

`NESTED` is the order printed in K-MERL's appendix, taken by name: I, II, III, aVF, aVR, aVL, V1 to
V6. III, aVR, aVL and aVF are linear combinations of I and II, so a flat curve from two to six leads
is what physics expects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import NothingToMeasure
from cardiolex.evaluation.loading import LoadedTable, Progress, Score
from cardiolex.evaluation.results import ZeroShotResult, markdown_table, write_json
from cardiolex.evaluation.zero_shot import evaluate_zero_shot
from cardiolex.files import write_text
from cardiolex.recordings.leads import LEADS, in_order

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NESTED_ORDER = ("I", "II", "III", "aVF", "aVR", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")
NESTED: dict[str, tuple[str, ...]] = {
    f"{n} {'lead' if n == 1 else 'leads'}": NESTED_ORDER[:n] for n in range(1, 13)
}
SINGLE: dict[str, tuple[str, ...]] = {lead: (lead,) for lead in LEADS}
CLINICAL: dict[str, tuple[str, ...]] = {
    "limb leads": LEADS[:6],
    "precordial leads": LEADS[6:],
}
WEARABLE: dict[str, tuple[str, ...]] = {
    "watch (I)": ("I",),
    "chest patch (II)": ("II",),
    "MCL1-like (V1)": ("V1",),
    "Holter (II, V1)": ("II", "V1"),
    "Holter (II, V5)": ("II", "V5"),
    "hand-held six-lead (I, II)": ("I", "II"),
    "I, II, V2": ("I", "II", "V2"),
    "I, II, V1, V5": ("I", "II", "V1", "V5"),
}
SUBSETS: dict[str, dict[str, tuple[str, ...]]] = {
    "nested": NESTED,
    "single": SINGLE,
    "clinical": CLINICAL,
    "wearable": WEARABLE,
}


def every_subset(among: Sequence[str] = LEADS) -> dict[str, tuple[str, ...]]:
    """All 2^n - 1 subsets, small ones first: name -> leads."""
    leads = in_order(among)
    return {
        ", ".join(subset): subset
        for size in range(1, len(leads) + 1)
        for subset in combinations(leads, size)
    }


def sampled_subsets(
    count: int, seed: int = 0, among: Sequence[str] = LEADS
) -> dict[str, tuple[str, ...]]:
    """`count` different subsets, every size equally likely: name -> leads."""
    leads = in_order(among)
    most = 2 ** len(leads) - 1
    if not 1 <= count <= most:
        raise CardiolexError(f"{count} subsets of {len(leads)} leads: give 1 to {most}")
    rng = np.random.default_rng(seed)
    found: dict[str, tuple[str, ...]] = {}
    while len(found) < count:
        size = int(rng.integers(1, len(leads) + 1))
        subset = in_order(leads[i] for i in rng.permutation(len(leads))[:size])
        found[", ".join(subset)] = subset
    return dict(sorted(found.items(), key=lambda item: len(item[1])))


@dataclass(frozen=True, eq=False)
class SubsetResult:
    """What a model reaches with one subset of leads; `failed` says why there is no result."""

    group: str
    name: str
    leads: tuple[str, ...]
    result: ZeroShotResult | None
    failed: str | None = None


@dataclass(frozen=True, eq=False)
class PartialLeadsResult:
    """All subsets of one truth table."""

    table: str
    model: str
    subsets: tuple[SubsetResult, ...]

    def of(self, leads: Sequence[str]) -> ZeroShotResult:
        """The result for exactly these leads, in any order."""
        for one in self.subsets:
            if set(one.leads) == set(leads) and one.result is not None:
                return one.result
        raise CardiolexError(f"{self.table}: no result for the leads {', '.join(leads)}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, every class of every subset included."""
        return {
            "table": self.table,
            "model": self.model,
            "subsets": [
                {
                    "group": one.group,
                    "name": one.name,
                    "leads": list(one.leads),
                    "failed": one.failed,
                    "result": None if one.result is None else one.result.to_dict(),
                }
                for one in self.subsets
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per subset with the macro means."""
        import pandas as pd

        return pd.DataFrame([_row(one) for one in self.subsets])

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and one row per subset; subsets that could not be measured say why."""
        means = ("macro AUROC (95 %)", "macro AUPRC (95 %)")
        header = ("group", "leads", "records", "classes", *means)
        return header, [_cells(one) for one in self.subsets]

    def to_markdown(self) -> str:
        """One line per subset."""
        return f"**{self.table}**\n\n" + "\n".join(markdown_table(*self.rows())) + "\n"

    def curve(self) -> Figure:
        """Macro AUROC against the number of leads of the nested subsets."""
        from cardiolex.plots.curves import Dot, by_number_of_leads

        dots = {}
        for one in self.subsets:
            if one.group == "nested" and one.result is not None:
                macro = one.result.macro_auroc
                dots[len(one.leads)] = Dot(one.leads[-1], macro.value, macro.low, macro.high)
        return by_number_of_leads({self.model or "model": dots}, title=self.table)

    def write(self, folder: str | Path, stem: str | None = None) -> list[Path]:
        """Write `STEM.json`, `.md`, `.csv` and, with nested subsets, `.png`; returns the paths."""
        from cardiolex.plots.paper import save

        base = Path(folder) / (stem or f"{self.table}-partial-leads")
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md", ".csv")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        write_text(paths[2], self.to_frame().to_csv(index=False))
        if any(one.group == "nested" and one.result is not None for one in self.subsets):
            paths.append(save(self.curve(), base.with_name(base.name + ".png"), dpi=150))
        return paths


def _row(one: SubsetResult) -> dict[str, Any]:
    row: dict[str, Any] = {"group": one.group, "name": one.name, "leads": ",".join(one.leads)}
    if one.result is None:
        return {**row, "failed": one.failed}
    row |= {"n_records": one.result.n_records, "n_lacking": len(one.result.lacking_leads)}
    row["n_classes"] = len(one.result.classes)
    for name, macro in (("auroc", one.result.macro_auroc), ("auprc", one.result.macro_auprc)):
        row |= {name: macro.value, f"{name}_low": macro.low, f"{name}_high": macro.high}
    return row


def _cells(one: SubsetResult) -> tuple[str, ...]:
    label = one.name if one.group != "nested" else f"{one.name} (+ {one.leads[-1]})"
    if one.result is None:
        return (one.group, label, "", "", one.failed or "", "")
    result = one.result
    counts = (str(result.n_records), str(len(result.classes)))
    return (one.group, label, *counts, str(result.macro_auroc), str(result.macro_auprc))


def evaluate_partial_leads(
    score: Score,
    loaded: LoadedTable,
    *,
    subsets: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    model: str = "",
    on_subset: Progress | None = None,
    **options: Any,
) -> PartialLeadsResult:
    """Zero-shot figures for every subset of `subsets` (default `SUBSETS`: group -> name -> leads).

    Subsets of the same leads are scored once; `options` go to `evaluate_zero_shot`. A subset
    that no recording has, or that leaves no class to measure, is kept with the reason.
    `on_subset(done, total)` is called after each.
    """
    known: dict[frozenset[str], tuple[ZeroShotResult | None, str | None]] = {}
    found = []
    asked = SUBSETS if subsets is None else subsets
    total = sum(len(named) for named in asked.values())
    for group, named in asked.items():
        for name, leads in named.items():
            key = frozenset(leads)
            if key not in known:
                known[key] = _one(score, loaded, tuple(leads), model, options)
            found.append(SubsetResult(group, name, tuple(leads), *known[key]))
            if on_subset is not None:
                on_subset(len(found), total)
    return PartialLeadsResult(loaded.table.name, model, tuple(found))


def _one(
    score: Score, loaded: LoadedTable, leads: tuple[str, ...], model: str, options: dict[str, Any]
) -> tuple[ZeroShotResult | None, str | None]:
    try:
        return evaluate_zero_shot(score, loaded, leads, model=model, **options), None
    except NothingToMeasure as reason:
        return None, str(reason)
