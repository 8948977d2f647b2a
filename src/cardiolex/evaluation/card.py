"""What a model card says of a model's zero-shot performance: all leads down to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.partial_leads import NESTED_ORDER
from cardiolex.evaluation.results import ZeroShotResult, markdown_table
from cardiolex.recordings.leads import LEADS

HEADING = "## Measured"
SUBSETS: dict[str, tuple[str, ...] | None] = {
    "all leads": None,
    "lead I": ("I",),
    "lead II": ("II",),
    "lead V1": ("V1",),
    "limb leads": LEADS[:6],
}
SINGLE: dict[str, tuple[str, ...] | None] = {
    f"lead {lead}": (lead,) for lead in LEADS if f"lead {lead}" not in SUBSETS
}
"""The other leads, each alone."""
FEWER: dict[str, tuple[str, ...] | None] = {
    f"{n} leads": NESTED_ORDER[:n] for n in (2, 3, 4, 6, 8, 10)
}
"""From few leads to many, in K-MERL's order."""


def measured(results: Mapping[str, Sequence[ZeroShotResult]]) -> str:
    """The section `HEADING` from the results of each subset of leads, tables in equal order.

    Subsets of `SUBSETS` are given with intervals, others as means over the tables.
    """
    shown = [subset for subset in SUBSETS if subset in results]
    every = results[shown[0]]
    rows = [
        (one.table, str(one.n_records), *(str(results[s][k].macro_auroc) for s in shown))
        for k, one in enumerate(every)
    ]
    rows.append(("**mean**", "", *(f"**{_mean(results[s]):.3f}**" for s in shown)))
    lines = [
        HEADING,
        "",
        "Zero-shot macro AUROC with 95 % bootstrap intervals over records; conditions are asked by "
        "name, no weight is fitted to these records.",
        "",
        *markdown_table(("table", "records", *shown), rows),
        "",
    ]
    for what, subsets in (("Each of the other leads alone", SINGLE), ("Several leads", FEWER)):
        means = [
            f"{s.removeprefix('lead ')} {_mean(results[s]):.3f}" for s in subsets if s in results
        ]
        if means:
            lines += [f"{what} (mean over the tables): {', '.join(means)}.", ""]
    lines += [f"Per condition, {shown[0]} (positives, AUROC with interval):", ""]
    for one in every:
        named = sorted(one.classes, key=lambda c: -c.auroc.value)
        told = [f"{c.condition} ({c.n_pos}) {_short(c.auroc)}" for c in named]
        lines.append(f"- {one.table}: {', '.join(told)}.")
    return "\n".join(lines) + "\n"


def _mean(results: Sequence[ZeroShotResult]) -> float:
    return float(np.mean([one.macro_auroc.value for one in results]))


def _short(figure: Estimate) -> str:
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


def with_section(card: str, section: str) -> str:
    """`card` with `section` in place of the one that has the same heading, else at its end."""
    heading = section.split("\n", 1)[0]
    before, found, after = card.partition(heading + "\n")
    if not found:
        return f"{card.rstrip()}\n\n{section}"
    _, following, rest = after.partition("\n## ")
    tail = f"\n## {rest}" if following else ""
    return before + section + tail


def without_section(card: str, heading: str) -> str:
    """`card` without the section of this heading, if it has one."""
    before, found, after = card.partition(heading + "\n")
    if not found:
        return card
    _, following, rest = after.partition("\n## ")
    return f"{before}## {rest}" if following else before
