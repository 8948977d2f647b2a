"""What a model card says of a model's zero-shot performance: all leads down to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

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


def measured(results: Mapping[str, Sequence[ZeroShotResult]]) -> str:
    """The section `HEADING` from the results of each subset of leads, tables in equal order."""
    subsets = list(results)
    every = results[subsets[0]]
    rows = [
        (one.table, str(one.n_records), *(str(results[s][k].macro_auroc) for s in subsets))
        for k, one in enumerate(every)
    ]
    means = [float(np.mean([one.macro_auroc.value for one in results[s]])) for s in subsets]
    rows.append(("**mean**", "", *(f"**{mean:.3f}**" for mean in means)))
    lines = [
        HEADING,
        "",
        "Zero-shot macro AUROC with 95 % bootstrap intervals over records; conditions are asked by "
        "name, no weight is fitted to these records.",
        "",
        *markdown_table(("table", "records", *subsets), rows),
        "",
        f"Per condition, {subsets[0]} (positives, AUROC):",
        "",
    ]
    for one in every:
        named = sorted(one.classes, key=lambda c: -c.auroc.value)
        told = ", ".join(f"{c.condition} ({c.n_pos}) {c.auroc.value:.2f}" for c in named)
        lines.append(f"- {one.table}: {told}.")
    return "\n".join(lines) + "\n"


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
