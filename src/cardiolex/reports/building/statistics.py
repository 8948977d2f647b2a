"""SuPreME's statistics of a run, as a table: how many names, and what became of them."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cardiolex.reports.building.applying import targets
from cardiolex.reports.building.decision import DecisionTable
from cardiolex.reports.vocabulary import Vocabulary


@dataclass(frozen=True)
class Statistic:
    """One line: a stage and its count; `note` puts the count in relation."""

    stage: str
    count: int
    note: str = ""


def statistics(
    stages: Sequence[tuple[str, int]], table: DecisionTable, vocabulary: Vocabulary
) -> list[Statistic]:
    """The stages of extraction (as a tally gives them), then clusters and mapped names.

    A cluster is what is left as one finding: all names with one meaning. Mapped clusters are those
    that mean a finding of `vocabulary`. Published for MIMIC-IV-ECG: 3,419,064 raw mentions, 1,168
    unique, 1,095 certain, 341 clusters (largest 29), 295 mapped (86.5 %).
    """
    sizes = _cluster_sizes(table)
    found = targets(table, vocabulary)
    mapped = {target for target in found.values() if target is not None}
    of_clusters = [name for name in sizes if found.get(name, name) is not None]
    kinds = Counter(row.decision for row in table)
    share = f"{len(of_clusters) / len(sizes):.1%} of clusters" if sizes else ""
    spread = (
        f"mean size {sum(sizes.values()) / len(sizes):.2f}, largest {max(sizes.values())}"
        if sizes
        else ""
    )
    return [
        *(Statistic(stage, count) for stage, count in stages),
        Statistic("no ECG term (dropped)", kinds["drop"]),
        Statistic("clusters", len(sizes), spread),
        Statistic("clusters mapped to the vocabulary", len(of_clusters), share),
        Statistic("standard findings reached", len(mapped), f"of {len(vocabulary)}"),
        Statistic("merges prevented by a guard", kinds["apart"]),
        Statistic("decisions by hand", len(table.by_hand())),
    ]


def _cluster_sizes(table: DecisionTable) -> Counter[str]:
    """Final name -> how many names mean it."""
    same = {r.name: r.target for r in table if r.decision == "same" and r.target != r.name}
    sizes: Counter[str] = Counter()
    for row in table:
        if row.decision in ("same", "new"):
            name, steps = row.name, 0
            while name in same and steps <= len(same):
                name, steps = same[name], steps + 1
            sizes[name] += 1
    return sizes


def statistics_csv(rows: Sequence[Statistic]) -> str:
    """The table as CSV: stage, count, note."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("stage", "count", "note"))
    writer.writerows((row.stage, row.count, row.note) for row in rows)
    return text.getvalue()
