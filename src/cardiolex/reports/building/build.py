"""Names found in reports -> decisions: what each one means, with the reason.

In this order, the first that applies: a person's edit; a wording of the vocabulary; a filter of
terms; equal meaning according to a language model (under guards); similarity (under guards). What
is left is a new finding.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.reports.building.decision import Decision, DecisionTable, ordered
from cardiolex.reports.building.guards import Guard
from cardiolex.reports.building.similarity import (
    BLOCKED_SHOWN,
    Cluster,
    Encode,
    candidates,
    clusters,
    unit_vectors,
)
from cardiolex.reports.vocabulary import Vocabulary

MERGE_ABOVE = 0.8
MAP_ABOVE = 0.75
"""Cosines, SuPreME."""


@dataclass(frozen=True)
class Proposals:
    """What a language model proposes; guards and persons may overrule it.

    `merges`: name -> name of equal meaning. `superclasses`: broader name -> members.
    `no_terms`: names that are no ECG terms.
    """

    merges: Mapping[str, str] = field(default_factory=dict)
    superclasses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    no_terms: Collection[str] = ()


def build(
    names: Mapping[str, int],
    vocabulary: Vocabulary,
    *,
    encode: Encode | None = None,
    proposals: Proposals | None = None,
    reviewed: DecisionTable | None = None,
    merge_above: float = MERGE_ABOVE,
    map_above: float = MAP_ABOVE,
) -> DecisionTable:
    """Decide about `names` (name -> mentions).

    Without `encode` nothing is merged by similarity. Rows of `reviewed` that a person wrote or
    changed win over everything else and stand in the result.
    """
    builder = _Builder(dict(names), vocabulary, proposals or Proposals(), reviewed)
    builder.by_hand()
    builder.by_wording()
    builder.by_filter()
    builder.by_model()
    if encode is not None:
        builder.by_similarity(encode, merge_above, map_above)
    builder.remaining()
    builder.superclasses()
    return DecisionTable(ordered(builder.rows))


class _Builder:
    """Rows grow from step to step; `open` are the names not yet settled."""

    def __init__(
        self,
        names: dict[str, int],
        vocabulary: Vocabulary,
        proposals: Proposals,
        reviewed: DecisionTable | None,
    ) -> None:
        self.names = names
        self.vocabulary = vocabulary
        self.proposals = proposals
        self.edits = reviewed.by_hand() if reviewed else ()
        self.guard = Guard(vocabulary)
        self.rows: list[Decision] = []
        self.open = dict(names)
        self.leaders: list[str] = []
        self.keep_apart = frozenset(r.pair for r in self.edits if r.decision == "apart")

    def settle(self, row: Decision) -> None:
        """Add a row that says what its name is."""
        self.rows.append(replace(row, mentions=self.names.get(row.name, 0)))
        self.open.pop(row.name, None)

    def prevented(self, name: str, target: str, similarity: float | None, reason: str) -> None:
        """Add a row that says what its name is not."""
        mentions = self.names.get(name, 0)
        self.rows.append(Decision("apart", name, target, mentions, similarity, reason))

    def is_kept_apart(self, a: str, b: str) -> bool:
        return (a, b) in self.keep_apart or (b, a) in self.keep_apart

    # ------------------------------------------------------------ steps
    def by_hand(self) -> None:
        for row in self.edits:
            self.settle(row) if row.decision in ("same", "new", "drop") else self.rows.append(row)

    def by_wording(self) -> None:
        for name in list(self.open):
            target = self.vocabulary.resolve(name)
            if target is not None and not self.is_kept_apart(name, target):
                self.settle(Decision("same", name, target, reason="wording of the vocabulary"))

    def by_filter(self) -> None:
        for name in self.proposals.no_terms:
            if name in self.open:
                self.settle(Decision("drop", name, reason="filter: no ECG term"))

    def by_model(self) -> None:
        for name, target in sorted(self.proposals.merges.items()):
            if name not in self.open or self.is_kept_apart(name, target):
                continue
            verdict = self.guard.compare(name, target)
            if verdict.relation == "free":
                known = self.vocabulary.resolve(target) or target
                self.settle(Decision("same", name, known, reason="language model: equal meaning"))
            else:
                reason = f"guard against the language model: {verdict.reason}"
                self.prevented(name, target, None, reason)

    def by_similarity(self, encode: Encode, merge_above: float, map_above: float) -> None:
        if not self.open:
            return
        texts = [self.vocabulary.expand_names(name).lower() for name in self.open]
        vectors = unit_vectors(texts, encode)
        found, prevented = clusters(self.open, vectors, self.guard, merge_above, self.keep_apart)
        for row in prevented:
            self.prevented(row.name, row.target, row.similarity, row.reason)
        standard = unit_vectors(self.vocabulary.names, encode)
        for cluster in found:
            self._map(cluster, standard, map_above)

    def _map(self, cluster: Cluster, standard: NDArray[np.float32], above: float) -> None:
        leader = cluster.names[0]
        target, similarity = leader, 0.0
        shown = 0
        near = cluster.similarity(standard)
        for place in candidates(near, above):
            name, similarity = self.vocabulary.names[place], float(near[place])
            if any(self.is_kept_apart(member, name) for member in cluster.names):
                continue
            verdict = self.guard.free(cluster.names, name)
            if verdict.relation == "free":
                target = name
                break
            if verdict.relation == "narrower":
                reason = f"similar, {verdict.reason}"
                self.rows.append(
                    Decision("kind of", leader, name, self.names[leader], similarity, reason)
                )
                break
            if shown < BLOCKED_SHOWN:
                self.prevented(leader, name, similarity, f"guard: {verdict.reason}")
                shown += 1
        self._settle_cluster(cluster, target, similarity)

    def _settle_cluster(self, cluster: Cluster, target: str, similarity: float) -> None:
        leader = cluster.names[0]
        if target != leader:
            many = len(cluster.names)
            reason = "cosine" if many == 1 else f"mean cosine of {many} names"
            self.settle(Decision("same", leader, target, similarity=similarity, reason=reason))
        for name, joined in cluster.joined.items():
            reason = f"cosine to '{leader}'"
            self.settle(Decision("same", name, target, similarity=joined, reason=reason))

    def remaining(self) -> None:
        for name in list(self.open):
            self.settle(Decision("new", name, reason="nothing of equal meaning found"))

    def superclasses(self) -> None:
        """A language model's superclasses of new findings, under guards."""
        new = {row.name for row in self.rows if row.decision == "new"}
        kinds = {row.pair for row in self.rows if row.decision == "kind of"}
        for title, members in sorted(self.proposals.superclasses.items()):
            broader = self.vocabulary.resolve(title) or title
            for member in members:
                if member not in new or (member, broader) in kinds or member == broader:
                    continue
                if self.is_kept_apart(member, broader):
                    continue
                verdict = self.guard.kind_of(member, broader)
                if verdict.relation == "apart":
                    self.prevented(member, broader, None, f"guard: {verdict.reason}")
                    continue
                reason = "language model: superclass"
                mentions = self.names.get(member, 0)
                self.rows.append(Decision("kind of", member, broader, mentions, None, reason))
