"""When atria and ventricles are excited, and from where."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan


@dataclass(frozen=True)
class AtrialBeat:
    """A P wave that starts at `s` seconds; kind: sinus, ectopic, retro, multi0..multi3, paced."""

    s: float
    kind: str


@dataclass(frozen=True)
class VentricularBeat:
    """A QRS complex that starts at `s` seconds.

    kind: normal, pac, pac aberrant, pjc, pvc, pvc2, vt, escape, ventricular escape, paced.
    `p_s` is the start of the P wave that was conducted to it, NaN if none.
    """

    s: float
    kind: str
    p_s: float = nan


@dataclass
class Schedule:
    """One recording's events. `spikes`: (seconds, "atrium" or "ventricle") of a pacemaker."""

    atria: list[AtrialBeat] = field(default_factory=list)
    ventricles: list[VentricularBeat] = field(default_factory=list)
    spikes: list[tuple[float, str]] = field(default_factory=list)
    waves: str | None = None  # "fibrillation" or "flutter": instead of P waves
    wave_rate_bpm: float = nan
    av: str = "normal"
    pause: bool = False

    def shifted(self, s: float) -> Schedule:
        """The same, `s` seconds later."""
        return Schedule(
            [AtrialBeat(a.s + s, a.kind) for a in self.atria],
            [VentricularBeat(v.s + s, v.kind, v.p_s + s) for v in self.ventricles],
            [(at + s, chamber) for at, chamber in self.spikes],
            self.waves,
            self.wave_rate_bpm,
            self.av,
            self.pause,
        )
