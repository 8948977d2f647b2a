"""From a train of P waves to QRS complexes: normal, delayed, blocked in part or completely."""

from __future__ import annotations

import numpy as np

from cardiolex.simulation.causes import Causes
from cardiolex.simulation.heart_rate import sinus_intervals
from cardiolex.simulation.rhythm import pr_seconds
from cardiolex.simulation.schedule import AtrialBeat, Schedule, VentricularBeat

AV = ("normal", "first", "wenckebach", "mobitz", "2:1", "third")


def conducted(
    p_starts: list[float], kind: str, causes: Causes, rng: np.random.Generator, rate: float
) -> Schedule:
    """P waves of one kind at `p_starts` with the conduction `causes.av`."""
    out = Schedule([AtrialBeat(t, kind) for t in p_starts], av=causes.av)
    pr = pr_seconds(causes, rate, rng)
    if causes.av == "third":
        return _complete(out, rng)
    passes = _passes(causes.av, len(p_starts), pr, rng)
    for t, delay in zip(p_starts, passes, strict=True):
        if delay is not None:
            jitter = float(rng.normal(0, 0.002))
            out.ventricles.append(VentricularBeat(t + delay + jitter, "normal", t))
    return out


def _passes(av: str, n: int, pr: float, rng: np.random.Generator) -> list[float | None]:
    if av == "2:1":
        first = int(rng.integers(2))
        return [pr if (k + first) % 2 == 0 else None for k in range(n)]
    if av == "mobitz":
        ratio, first = int(rng.integers(3, 6)), int(rng.integers(5))
        return [None if (k + first) % ratio == 0 else pr for k in range(n)]
    if av == "wenckebach":
        return _wenckebach(n, pr, rng)
    return [pr] * n


def _wenckebach(n: int, pr: float, rng: np.random.Generator) -> list[float | None]:
    """PR grows by ever smaller steps until a P wave is not conducted."""
    ratio = int(rng.integers(3, 7))
    first_step = float(rng.uniform(0.05, 0.11))
    k = int(rng.integers(ratio))
    out: list[float | None] = []
    for _ in range(n):
        place = k % ratio
        growth = first_step * (1 - 0.5**place) / 0.5
        out.append(None if place == ratio - 1 else pr + growth)
        k += 1
    return out


def _complete(out: Schedule, rng: np.random.Generator) -> Schedule:
    """Third degree: the ventricles follow a junctional or ventricular escape of their own."""
    ventricular = rng.random() < 0.45
    rate = float(rng.uniform(27, 42) if ventricular else rng.uniform(38, 55))
    kind = "ventricular escape" if ventricular else "escape"
    end = out.atria[-1].s if out.atria else 0.0
    t = float(rng.uniform(0, 60 / rate))
    for gap in sinus_intervals(rng, rate, end + 2, 0.01):
        if t > end:
            break
        out.ventricles.append(VentricularBeat(t, kind))
        t += float(gap)
    return out
