"""The schedule of one recording from its causes."""

from __future__ import annotations

from math import isnan

import numpy as np

from cardiolex.simulation.av_conduction import conducted
from cardiolex.simulation.causes import Causes
from cardiolex.simulation.ectopy import with_ectopy, with_pause, with_pvcs
from cardiolex.simulation.heart_rate import sinus_intervals
from cardiolex.simulation.rhythm import RHYTHMS
from cardiolex.simulation.schedule import Schedule

RUN_IN_S = 3.0  # simulated before the recording starts


def timeline(causes: Causes, rng: np.random.Generator, seconds: float) -> Schedule:
    """Events from before the start of the recording (time 0) until after its end."""
    total = seconds + RUN_IN_S + 1.0
    if causes.rhythm in RHYTHMS:
        schedule = RHYTHMS[causes.rhythm](causes, rng, total)
        if causes.ectopy.kind == "pvc":
            schedule = with_pvcs(schedule, causes.ectopy, rng)
    else:
        schedule = _sinus_like(causes, rng, total)
    return schedule.shifted(-RUN_IN_S + float(rng.uniform(0, 1.0)))


def _sinus_like(causes: Causes, rng: np.random.Generator, total: float) -> Schedule:
    kind = {"ectopic atrial": "low", "atrial tachycardia": "ectopic"}.get(causes.rhythm, "sinus")
    rate = 70.0 if isnan(causes.rate_bpm) else causes.rate_bpm
    if causes.av not in ("normal", "first"):
        hrv = 0.02 if isnan(causes.hrv) else causes.hrv
        gaps = sinus_intervals(rng, rate, total, hrv)
        starts = [float(t) for t in np.concatenate([[0.0], np.cumsum(gaps)]) if t < total]
        return conducted(starts, kind, causes, rng, rate)
    schedule = with_ectopy(causes, rng, total, rate, kind)
    if causes.rhythm == "sinus pause":
        schedule = with_pause(schedule, rng, total)
    schedule.av = causes.av
    return schedule
