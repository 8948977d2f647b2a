"""Premature beats, pauses and escape beats put into a sinus-like train of beats."""

from __future__ import annotations

from itertools import pairwise
from math import isnan

import numpy as np

from cardiolex.simulation.causes import Causes, Ectopy
from cardiolex.simulation.heart_rate import sinus_intervals
from cardiolex.simulation.rhythm import pr_seconds
from cardiolex.simulation.schedule import AtrialBeat, Schedule, VentricularBeat


class Train:
    """A sinus rhythm that premature beats reset or interrupt, built beat by beat."""

    def __init__(
        self, causes: Causes, rng: np.random.Generator, seconds: float, rate: float, kind: str
    ) -> None:
        hrv = 0.02 if isnan(causes.hrv) else causes.hrv
        self.gaps = iter(sinus_intervals(rng, rate, seconds * 2 + 6, hrv))
        self.rng, self.seconds, self.kind = rng, seconds, kind
        self.pr = pr_seconds(causes, rate, rng)
        self.coupling = float(rng.uniform(0.52, 0.72))
        self.atrial_coupling = float(rng.uniform(0.48, 0.84))
        self.aberrant = causes.ectopy.aberrant
        self.out = Schedule()
        self.t = 0.0

    def gap(self) -> float:
        """The next sinus interval in s."""
        return float(next(self.gaps))

    def sinus(self) -> None:
        """A conducted sinus beat at the current time."""
        self.out.atria.append(AtrialBeat(self.t, self.kind))
        pr = self.pr + float(self.rng.normal(0, 0.003))
        self.out.ventricles.append(VentricularBeat(self.t + pr, "normal", self.t))

    def pvc(self, gap: float, ectopy: Ectopy) -> None:
        """After the beat at `t`: a ventricular beat; the sinus goes on, its next P is blocked."""
        kind = "pvc2" if ectopy.multifocal and self.rng.random() < 0.5 else "pvc"
        spread = 0.08 if ectopy.multifocal else 0.02
        early = gap * float(np.clip(self.coupling + self.rng.normal(0, spread), 0.42, 0.85))
        at = self.t + self.pr + early
        self.out.ventricles.append(VentricularBeat(at, kind))
        extra = 0
        if ectopy.pattern == "couplets" and self.rng.random() < 0.6:
            extra = 1
        elif ectopy.pattern == "runs" and self.rng.random() < 0.6:
            extra = int(self.rng.integers(2, 6))
        for _ in range(extra):
            at += float(self.rng.uniform(0.32, 0.5))
            self.out.ventricles.append(VentricularBeat(at, kind))
        if ectopy.interpolated and extra == 0 and gap > 1.0:
            self.t += gap
            return
        # a P wave that follows so soon meets a refractory AV node: compensatory pause
        while self.t + gap + self.pr < at + 0.5:
            self.t += gap
            self.out.atria.append(AtrialBeat(self.t, self.kind))
        self.t += gap

    def pac(self, gap: float, ectopy: Ectopy) -> None:
        """An early P wave of another shape that resets the sinus node."""
        share = float(np.clip(self.atrial_coupling + self.rng.normal(0, 0.05), 0.42, 0.88))
        at = self.t + gap * share
        self.out.atria.append(AtrialBeat(at, "ectopic"))
        if not (ectopy.blocked and self.rng.random() < 0.6):
            kind = "pac aberrant" if self.aberrant and self.rng.random() < 0.5 else "pac"
            delay = self.pr * float(self.rng.uniform(0.95, 1.15) + 1.2 * max(0.0, 0.62 - share))
            self.out.ventricles.append(VentricularBeat(at + delay, kind, at))
        self.t = at + gap * float(self.rng.uniform(0.97, 1.3))

    def pjc(self, gap: float) -> None:
        """An early narrow beat from the junction, P inverted just before, within or after."""
        at = self.t + self.pr + gap * self.coupling
        self.out.ventricles.append(VentricularBeat(at, "pjc"))
        if self.rng.random() < 0.5:
            self.out.atria.append(AtrialBeat(at - 0.08, "retro"))
        self.t = at + gap * float(self.rng.uniform(1.0, 1.2))


def with_ectopy(
    causes: Causes, rng: np.random.Generator, seconds: float, rate: float, kind: str
) -> Schedule:
    """A sinus (or ectopic atrial) rhythm with the premature beats that `causes.ectopy` asks for."""
    train = Train(causes, rng, seconds, rate, kind)
    since, wait = 1, int(rng.integers(1, 4))
    while train.t < seconds:
        train.sinus()
        gap = train.gap()
        if since >= wait and _now(causes.ectopy, rng, since):
            _premature(train, causes.ectopy, gap)
            since = 1
        else:
            train.t += gap
            since += 1
    return train.out


def _now(ectopy: Ectopy, rng: np.random.Generator, since: int) -> bool:
    if ectopy.pattern == "bigeminy":
        return rng.random() < 0.96
    if ectopy.pattern == "trigeminy":
        return since >= 2 and rng.random() < 0.95
    return bool(rng.random() < ectopy.burden)


def _premature(train: Train, ectopy: Ectopy, gap: float) -> None:
    if ectopy.kind == "pvc":
        train.pvc(gap, ectopy)
    elif ectopy.kind == "pac":
        train.pac(gap, ectopy)
    else:
        train.pjc(gap)


def with_pvcs(schedule: Schedule, ectopy: Ectopy, rng: np.random.Generator) -> Schedule:
    """Ventricular premature beats in an irregular or paced rhythm: some gaps take one."""
    beats = schedule.ventricles
    added: list[VentricularBeat] = []
    for now, after in pairwise(beats):
        gap = after.s - now.s
        chance = 0.5 if ectopy.pattern != "scattered" else ectopy.burden
        if gap > 0.72 and rng.random() < chance:
            kind = "pvc2" if ectopy.multifocal and rng.random() < 0.5 else "pvc"
            added.append(VentricularBeat(now.s + max(0.42, gap * 0.55), kind))
    times = [a.s for a in added]
    kept = [b for b in beats if not any(0 < b.s - t < 0.45 for t in times)]
    schedule.ventricles = sorted(kept + added, key=lambda b: b.s)
    return schedule


def with_pause(schedule: Schedule, rng: np.random.Generator, seconds: float) -> Schedule:
    """Sinus pause: everything after one beat comes 1.3-3 s later, maybe after an escape beat."""
    at = float(rng.uniform(2.0, max(2.5, seconds - 2.5)))
    after = [a for a in schedule.atria if a.s >= at]
    if not after or after[0] is schedule.atria[0]:
        return schedule
    start, before = after[0].s, schedule.ventricles[0].s
    delay = float(rng.uniform(1.3, 3.0))
    for b in schedule.ventricles:
        before = b.s if b.s < start else before
    late = Schedule(
        [a for a in schedule.atria if a.s >= start],
        [b for b in schedule.ventricles if b.s >= start],
    ).shifted(delay)
    early = [b for b in schedule.ventricles if b.s < start]
    if rng.random() < 0.4 and start + delay - before > 2.2:
        early.append(VentricularBeat(before + float(rng.uniform(1.4, 1.7)), "escape"))
    schedule.atria = [a for a in schedule.atria if a.s < start] + late.atria
    schedule.ventricles = early + late.ventricles
    schedule.pause = True
    return schedule
