"""Which few leads suffice: the smallest subset whose answer stays with that of all leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cardiolex.answering import Terms
from cardiolex.explanation import LeadSubset
from cardiolex.findings import Findings
from cardiolex.recordings.recording import Recording

EXACT = 2  # subsets up to so many leads are all tried; larger ones grow from the best
WITHIN = 0.1

Probabilities = Callable[[Sequence[tuple[str, ...]]], NDArray[np.float64]]
"""Subsets of leads to the probability (N,) that each alone gives."""


def sufficient_leads(
    probabilities: Probabilities,
    leads: Sequence[str],
    threshold: float,
    *,
    within: float = WITHIN,
    exact: int = EXACT,
) -> LeadSubset:
    """The smallest subset of `leads` with the decision of all, its probability within `within`.

    All subsets of up to `exact` leads are tried; then the best grows by one lead at a time, which
    for twelve leads makes at most 133 questions with `exact` = 2. Of equally large subsets that
    suffice the one nearest to the whole is taken.
    """
    whole = float(probabilities([tuple(leads)])[0])
    tried = 1
    best: tuple[str, ...] = (leads[0],)
    for size in range(1, len(leads)):
        if size <= exact:
            candidates = [tuple(some) for some in combinations(leads, size)]
        else:
            rest = [lead for lead in leads if lead not in best]
            candidates = [tuple(x for x in leads if x in (*best, lead)) for lead in rest]
        found = probabilities(candidates)
        tried += len(candidates)
        off = np.abs(found - whole)
        stays = ((found >= threshold) == (whole >= threshold)) & (off <= within)
        chosen = int(np.where(stays, off, off + 1).argmin())
        best = candidates[chosen]
        if stays[chosen]:
            return LeadSubset(best, float(found[chosen]), whole, size <= exact + 1, tried)
    return LeadSubset(tuple(leads), whole, whole, len(leads) <= exact + 1, tried)


class Answers(Protocol):
    """A model that is asked for conditions."""

    @property
    def terms(self) -> Terms:
        """What its logits mean."""
        ...

    def interpret(self, recording: Recording, conditions: Sequence[str]) -> Findings:
        """Findings of all leads of a recording."""
        ...

    def logits(
        self, recordings: Sequence[Recording], conditions: Sequence[str]
    ) -> NDArray[np.float64]:
        """Logits (N, C)."""
        ...


def few_leads(model: Answers, recording: Recording, condition: str, within: float) -> LeadSubset:
    """`sufficient_leads` of a recording for the answer of a model to one condition."""
    findings = model.interpret(recording, [condition])
    (row,) = findings
    name = model.terms.questions([condition])[0].name or row.query

    def probabilities(subsets: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
        some = [recording.select(subset) for subset in subsets]
        logits = model.logits(some, [condition]).astype(np.float32)
        return model.terms.calibration.probabilities(logits, [name])[:, 0]

    return sufficient_leads(probabilities, findings.leads, row.threshold, within=within)
