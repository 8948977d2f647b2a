"""What a model says about one recording: one line per condition, with its standing and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardiolex.errors import CardiolexError
from cardiolex.explanation import Explanation, LeadSubset
from cardiolex.recordings.recording import Recording

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Finding:
    """The answer to one question about one recording.

    `condition` is the question as asked, `query` the text that the model was asked with.
    `probability` is calibrated only where `calibrated` says so; `decision` compares it with
    `threshold`, the model's stated operating point, and is None where the recording is too poor to
    decide. `seen` tells whether the condition was a label in pre-training (otherwise the answer
    rests on the meaning of its name alone).
    """

    condition: str
    query: str
    probability: float
    decision: bool | None
    threshold: float
    seen: bool
    calibrated: bool
    window_probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Findings:
    """All answers for one recording, in the order asked."""

    recording: Recording
    leads: tuple[str, ...]
    rows: tuple[Finding, ...]
    warnings: tuple[str, ...]
    model: str
    window_starts_s: tuple[float, ...] = (0.0,)
    explanations: tuple[Explanation, ...] = ()
    """Where the evidence lies, of the conditions for which that was asked."""
    sufficient: Mapping[str, LeadSubset] = field(default_factory=dict)
    """The smallest subset of leads that suffices, of the conditions for which that was asked."""

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, condition: str) -> Finding:
        for row in self.rows:
            if condition in (row.condition, row.query):
                return row
        raise CardiolexError(
            f"{condition!r} was not asked of {self.recording.id!r}; asked: "
            + ", ".join(repr(row.condition) for row in self.rows)
        )

    def ranked(self) -> tuple[Finding, ...]:
        """Rows with the positive decisions first, each part by falling probability."""
        return tuple(sorted(self.rows, key=lambda row: (not row.decision, -row.probability)))

    def positive(self) -> tuple[Finding, ...]:
        """Rows decided as present, most probable first."""
        return tuple(row for row in self.ranked() if row.decision)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        few = {name: one.to_dict() for name, one in self.sufficient.items()}
        told = {"explanations": [one.to_dict() for one in self.explanations]}
        return {
            "record": self.recording.id,
            "source": self.recording.source,
            "model": self.model,
            "leads": list(self.leads),
            "warnings": list(self.warnings),
            "window_starts_s": list(self.window_starts_s),
            "findings": [
                {
                    "condition": row.condition,
                    "query": row.query,
                    "probability": row.probability,
                    "decision": row.decision,
                    "threshold": row.threshold,
                    "seen": row.seen,
                    "calibrated": row.calibrated,
                    "window_probabilities": list(row.window_probabilities),
                }
                for row in self.rows
            ],
            **(told if self.explanations else {}),
            **({"sufficient": few} if self.sufficient else {}),
        }

    def to_frame(self) -> pd.DataFrame:
        """Long form, one row per condition: record, condition, probability, decision, leads, …"""
        return findings_frame([self])

    def _nothing(self) -> str:
        undecided = bool(self.rows) and all(row.decision is None for row in self.rows)
        return "too poor to decide" if undecided else "no asked condition found"

    def plot(self, path: str | Path, *, most: int = 6) -> Path:
        """Draw the leads that were used on ECG paper with the `most` leading findings."""
        from cardiolex.plots.ecg_paper import ecg_paper, save

        lines = [f"{row.condition} {row.probability:.2f}" for row in self.positive()[:most]]
        recording = self.recording.select(self.leads, derive=True)
        figure = ecg_paper(recording, findings=lines or [self._nothing()])
        return save(figure, path)


def findings_frame(many: Sequence[Findings]) -> pd.DataFrame:
    """One long table for several recordings; the columns of `cardiolex interpret --format csv`."""
    import pandas as pd

    columns = ["record", "condition", "probability", "decision", "leads", "seen", "calibrated"]
    rows = [
        (
            findings.recording.id,
            row.condition,
            row.probability,
            None if row.decision is None else int(row.decision),
            " ".join(findings.leads),
            row.seen,
            row.calibrated,
        )
        for findings in many
        for row in findings
    ]
    return pd.DataFrame(rows, columns=columns)
