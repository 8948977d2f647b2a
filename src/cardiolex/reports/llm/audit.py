"""What a language model's run adds to the audit page."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cardiolex.reports.entities_found import Section
from cardiolex.reports.llm.tally import Tally

SHOWN = 60


def sections(
    tally: Tally, statistics: Sequence[tuple[str, int]], reasons: Mapping[str, str]
) -> list[Section]:
    """Stages, what has no answer, what was rejected, what names mean, where the rules differ."""
    return [
        Section("Mentions by stage", statistics),
        Section(
            "Statements without an answer",
            [
                (outcome, times, tally.left_out.get(outcome, ""))
                for outcome, times in sorted(tally.outcomes.items())
                if outcome != "answered"
            ],
            ("why", "statements", "for example"),
            "What the rules read in refused, malformed and unanswered ones is taken as uncertain.",
        ),
        Section(
            "Named by the model and rejected",
            [
                (name, reason, times, tally.rejected_in.get((name, reason), ""))
                for (name, reason), times in _most(tally.rejected)
            ],
            ("name", "reason", "mentions", "for example"),
            "Invented names stand here: no label is made of them.",
        ),
        Section(
            "What names mean",
            [
                (name, finding, times, _reason(name, finding, reasons))
                for (name, finding), times in _most(tally.mapped)
            ],
            ("name", "finding of the vocabulary", "mentions", "why"),
        ),
        Section(
            "Names without a place in the vocabulary",
            [(name, times, reasons.get(name, "")) for name, times in _most(tally.unmapped)],
            ("name", "mentions", "why"),
            "They make no label. Decide about them: cardiolex vocabulary build.",
        ),
        Section(
            "Model and rules differ",
            [(*key, times) for key, times in _most(tally.disagreements)],
            ("name", "the model says", "the rules read", "mentions"),
            "The model was believed.",
        ),
    ]


def _most(counts: Counter[Any]) -> Iterable[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]


def _reason(name: str, finding: str, reasons: Mapping[str, str]) -> str:
    return reasons.get(name) or ("its name" if name == finding else "wording of the vocabulary")
