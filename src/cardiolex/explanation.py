"""Where in which lead a model finds the evidence for one condition, with the test of that claim.

Shapes: W windows explained, 12 leads in the order of `LEADS`, M pieces of a lead, S shares deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOLD = 5  # places that `to_dict` names
FULL = 0.97  # quantile of relevance that is shown in full colour


@dataclass(frozen=True)
class DeletionTest:
    """How far the logit falls without the pieces marked most, and without as many at random.

    A picture of relevance is worth something only if the first falls farther than the second.
    `marked` (S,) and `random` (S, draws) are falls of the logit, means over the windows explained.
    """

    shares: tuple[float, ...]
    """Shares of a window's pieces that were taken away."""
    marked: NDArray[np.float64]
    random: NDArray[np.float64]
    removal: str
    """What stands in the place of a piece taken away."""

    @property
    def random_mean(self) -> NDArray[np.float64]:
        """(S,) mean fall over the random draws."""
        return np.asarray(self.random.mean(axis=1))

    @property
    def beaten(self) -> float:
        """Share of the random draws, over all shares, that lower the logit less than the marks."""
        return float((self.marked[:, None] > self.random).mean())

    @property
    def passed(self) -> bool:
        """Whether the marks beat at least 95 % of the random draws."""
        return self.beaten >= 0.95

    def sentence(self, share: float = 0.1) -> str:
        """The result at the tested share nearest to `share`, in words."""
        at = int(np.abs(np.array(self.shares) - share).argmin())
        draws = self.random[at]
        return (
            f"without the {100 * self.shares[at]:.0f} % marked most the logit falls by "
            f"{self.marked[at]:.2f}; without as many at random by {draws.mean():.2f} "
            f"({draws.min():.2f} to {draws.max():.2f}, {len(draws)} draws)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "shares": list(self.shares),
            "marked_fall": self.marked.tolist(),
            "random_fall": self.random_mean.tolist(),
            "random_low": self.random.min(axis=1).tolist(),
            "random_high": self.random.max(axis=1).tolist(),
            "draws": self.random.shape[1],
            "removal": self.removal,
            "beaten": self.beaten,
            "passed": self.passed,
        }


@dataclass(frozen=True)
class Place:
    """A stretch of one lead: from `start_s` to `end_s` of the recording, and its relevance."""

    lead: str
    start_s: float
    end_s: float
    relevance: float


@dataclass(frozen=True)
class MeasuredValue:
    """A measured value that speaks for the condition: the logit falls by `fall` without it."""

    name: str
    value: float
    unit: str
    fall: float


@dataclass(frozen=True)
class Explanation:
    """Relevance of each piece of each lead for the answer to one condition.

    `relevance` (W, 12, M) speaks for the condition where positive and against it where negative;
    it is zero where nothing was recorded. `recorded` (W, 12, M) says where something was.
    `probability` is that of the finding; `logit` and `deletion` are of what the network reads in
    the signal of the windows explained, which counts with weight `signal_share` in the finding.
    The rest is read from measured values, of which `measured` speak most for the condition.
    """

    record: str
    condition: str
    query: str
    method: str
    model: str
    probability: float
    logit: float
    relevance: NDArray[np.float32]
    recorded: NDArray[np.bool_]
    segment_s: float
    window_starts_s: tuple[float, ...]
    windows: int
    """Windows of the whole recording; those explained are the ones with the highest logits."""
    deletion: DeletionTest
    signal_share: float = 1.0
    measured: tuple[MeasuredValue, ...] = ()

    def by_lead(self) -> dict[str, float]:
        """Share of each recorded lead in all that speaks for the condition; sums to one."""
        for_it = np.clip(self.relevance, 0, None).sum(axis=(0, 2), dtype=np.float64)
        total = for_it.sum() or 1.0
        there: NDArray[np.bool_] = np.any(self.recorded, axis=(0, 2))
        return {lead: float(for_it[i] / total) for i, lead in enumerate(LEADS) if there[i]}

    def strongest(self, most: int = TOLD) -> tuple[Place, ...]:
        """The pieces that speak most for the condition, the strongest first."""
        order = np.argsort(-self.relevance, axis=None, kind="stable")[:most]
        places = []
        for w, lead, m in zip(*np.unravel_index(order, self.relevance.shape), strict=True):
            value = float(self.relevance[w, lead, m])
            if value > 0:
                start = self.window_starts_s[w] + int(m) * self.segment_s
                places.append(Place(LEADS[lead], start, start + self.segment_s, value))
        return tuple(places)

    def over_time(
        self, lead: str, times_s: Sequence[float] | NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Relevance of `lead` at `times_s` of the recording, the mean where windows overlap.

        In units of the absolute relevance that 3 % of the pieces exceed, cut to -1 and 1; NaN
        where nothing was explained or recorded.
        """
        at = np.asarray(times_s, np.float64).ravel()
        total, count = np.zeros(at.shape), np.zeros(at.shape)
        row = LEADS.index(lead)
        for w, start in enumerate(self.window_starts_s):
            piece = np.floor((at - start) / self.segment_s + 1e-9).astype(np.intp)
            inside = np.flatnonzero((piece >= 0) & (piece < self.relevance.shape[2]))
            inside = inside[self.recorded[w, row, piece[inside]]]
            total[inside] += self.relevance[w, row, piece[inside]]
            count[inside] += 1
        unit = float(np.quantile(np.abs(self.relevance[self.recorded]), FULL)) or 1.0
        mean = np.full(at.shape, np.nan)
        np.divide(total, count * unit, out=mean, where=count > 0)
        return np.asarray(np.clip(mean, -1.0, 1.0))

    def sentence(self) -> str:
        """The evidence and its test in words."""
        leads = sorted(self.by_lead().items(), key=lambda pair: -pair[1])[:3]
        named = ", ".join(f"{lead} {100 * share:.0f} %" for lead, share in leads)
        verdict = "" if self.deletion.passed else "; the marks do no better than chance"
        values = [f"{one.name} {one.value:.3g} {one.unit}".strip() for one in self.measured[:3]]
        also = f"; measured: {', '.join(values)}" if values else ""
        return f"evidence mostly in {named}; {self.deletion.sentence()}{verdict}{also}"

    def figure(self, recording: Recording, **options: Any) -> Figure:
        """`recording` on ECG paper with the evidence under its traces; options of `ecg_paper`.

        Orange speaks for the condition, blue against it. The part shown begins where the window
        explained first does.
        """
        from cardiolex.plots.ecg_paper import ecg_paper
        from cardiolex.plots.evidence import Evidence

        lines = [f"{self.condition} {self.probability:.2f}", f"orange: {self.sentence()}"]
        options.setdefault("start_s", min(self.window_starts_s))
        options.setdefault("layout", "12x1" if len(self.by_lead()) > 6 else "rows")
        there = recording.select([*self.by_lead()], derive=True)
        shown = Evidence(self.over_time, lines.pop())
        return ecg_paper(there, findings=lines, evidence=shown, **options)

    def plot(self, recording: Recording, path: str | Path, **options: Any) -> Path:
        """Write `figure` as PNG, PDF or SVG."""
        from cardiolex.plots.ecg_paper import save

        return save(self.figure(recording, **options), path)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `relevance` has null where nothing was recorded."""
        rows = np.where(self.recorded, self.relevance.astype(np.float64).round(6), np.nan)
        return {
            "condition": self.condition,
            "query": self.query,
            "method": self.method,
            "probability": self.probability,
            "logit": self.logit,
            "leads": list(LEADS),
            "segment_s": self.segment_s,
            "window_starts_s": list(self.window_starts_s),
            "windows": self.windows,
            "relevance": [
                [[None if np.isnan(x) else float(x) for x in lead] for lead in window]
                for window in rows
            ],
            "by_lead": self.by_lead(),
            "strongest": [vars(place) for place in self.strongest()],
            "deletion": self.deletion.to_dict(),
            "signal_share": self.signal_share,
            "measured": [vars(one) for one in self.measured],
        }


@dataclass(frozen=True)
class LeadSubset:
    """`leads` alone give `probability`, beside `whole` with all that were recorded.

    `smallest` says whether every smaller subset was tried; a larger one was grown lead by lead and
    may have a smaller rival. `tried` counts the subsets asked.
    """

    leads: tuple[str, ...]
    probability: float
    whole: float
    smallest: bool
    tried: int

    def sentence(self) -> str:
        """The result in words."""
        some = f"{' '.join(self.leads)} alone: {self.probability:.2f}, all leads: {self.whole:.2f}"
        return some if self.smallest else f"{some} (found lead by lead)"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**vars(self), "leads": list(self.leads)}
