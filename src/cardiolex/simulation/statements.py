"""Measurements as statements that are true or false: "QRS wider than 110 ms", "ST raised in V2".

Conditions are rare, and most labels say "absent". These statements are true about as often as not,
and each is about one measurement, so a network that is asked them as well learns to measure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.simulation.truth import Measurements, SimulatedECG

Measure = Callable[[Measurements], float]

_WHOLE: Final[tuple[tuple[str, Measure, tuple[float, ...]], ...]] = (
    ("heart rate above {:g} per minute", lambda m: m.heart_rate_bpm, (55, 65, 75, 85, 100, 125)),
    ("rr intervals vary by more than {:g} ms", lambda m: m.rr_sd_ms, (20, 50, 100, 200)),
    ("pr interval longer than {:g} ms", lambda m: m.pr_ms, (130, 150, 170, 190, 210)),
    ("p wave longer than {:g} ms", lambda m: m.p_ms, (90, 100, 110, 120)),
    ("qrs wider than {:g} ms", lambda m: m.qrs_ms, (85, 95, 105, 115, 130)),
    ("qt interval longer than {:g} ms", lambda m: m.qt_ms, (340, 370, 400, 430)),
    ("qtc longer than {:g} ms", lambda m: m.qtc_ms, (390, 410, 430, 450, 480)),
    ("qrs axis right of {:g} degrees", lambda m: m.qrs_axis_deg, (-30, 0, 30, 60, 90)),
    ("t axis right of {:g} degrees", lambda m: m.t_axis_deg, (0, 30, 60)),
)
_OF_LEAD: Final[tuple[tuple[str, str, tuple[float, ...]], ...]] = (
    ("r wave in {} taller than {:g} mv", "r_mv", (0.3, 0.8, 1.5)),
    ("s wave in {} deeper than {:g} mv", "s_mv", (0.2, 0.6, 1.2)),
    ("q wave in {} deeper than {:g} mv", "q_mv", (0.06, 0.2)),
    ("second r wave in {} taller than {:g} mv", "r_prime_mv", (0.1,)),
    ("st segment in {} above {:g} mv", "st_mv", (-0.05, 0.0, 0.08)),
    ("t wave in {} above {:g} mv", "t_mv", (-0.1, 0.05, 0.25)),
    ("p wave in {} above {:g} mv", "p_mv", (0.05, 0.12)),
)

STATEMENTS: Final = tuple(
    [text.format(limit) for text, _, limits in _WHOLE for limit in limits]
    + [
        text.format(lead, limit)
        for text, _, limits in _OF_LEAD
        for lead in LEADS
        for limit in limits
    ]
)
"""What `judge_statements` judges, in its order."""

_MOVED: Final = ("limb lead reversal", "precordial swap", "amplitude not calibrated")


def judge_statements(simulated: SimulatedECG) -> NDArray[np.float32]:
    """1 (true), 0 (false) or NaN (cannot be said) for each of `STATEMENTS`.

    What depends on single leads cannot be said where electrodes were exchanged or gains wrong.
    """
    m = simulated.measurements
    moved = any(event.startswith(_MOVED) for event in simulated.events)
    whole = [_above(np.array([measure(m)]), limits) for _, measure, limits in _WHOLE]
    of_lead = [_above(getattr(m, field), limits) for _, field, limits in _OF_LEAD]
    if moved:
        of_lead = [np.full_like(states, np.nan) for states in of_lead]
    return np.concatenate([*whole, *of_lead])


def _above(values: NDArray[np.floating], limits: tuple[float, ...]) -> NDArray[np.float32]:
    """(N,) against (K,) limits: (N * K,) of 1, 0 and NaN."""
    column = values.astype(np.float32)[:, None]
    states = (column > np.array(limits, np.float32)).astype(np.float32)
    return np.where(np.isnan(column), np.float32(np.nan), states).ravel()
