"""Primary changes of the ST segment, the T wave and the QT interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.substrate import Substrate

Change = Callable[[Substrate, float, np.random.Generator], None]


def _outer(substrate: Substrate, amount: float) -> None:
    """Loss of plateau potential of the whole outer surface (or gain, if negative)."""
    heart = ventricles()
    left = np.where(heart.is_septum, 0.0, np.where(heart.is_rv, 0.5, 1.0))
    substrate.injury = substrate.injury + np.concatenate([0 * left, amount * left])


def _scale_t(substrate: Substrate, factor: float) -> None:
    r = substrate.recovery
    r.transmural *= factor
    r.gradient = r.gradient * factor
    r.local_inner = r.local_inner * factor
    r.local_outer = r.local_outer * factor
    r.coupling *= factor


def long_qt(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Long action potentials: broad, late or low and notched T waves."""
    s.recovery.qt_ms *= 1.16 + 0.24 * severity
    s.recovery.width *= float(rng.uniform(0.9, 1.5))
    _scale_t(s, float(rng.uniform(0.6, 1.2)))


def short_qt(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Short action potentials, narrow tall T waves."""
    s.recovery.qt_ms *= 0.82 - 0.1 * severity
    s.recovery.width *= 0.8
    s.recovery.skew = 0.9


def low_t(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Recovery nearly simultaneous: flat T waves."""
    _scale_t(s, 0.55 - 0.5 * severity)


def inverted_t(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """T vector turned away from the left ventricle, by a territory-free cause."""
    heart = ventricles()
    angle = float(rng.choice([-60.0, 180.0, 100.0, -140.0]))
    region = heart.region(angle, 35, 80, 55)
    delay = (11 + 20 * severity) * region
    s.recovery.local_outer = s.recovery.local_outer + delay
    s.recovery.transmural *= 0.5


def tall_t(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """More dispersion of recovery: tall T waves."""
    _scale_t(s, 1.4 + 0.8 * severity)


def nonspecific_t(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Small T waves with a slightly turned vector."""
    _scale_t(s, float(rng.uniform(0.15, 0.5)))
    region = ventricles().region(float(rng.uniform(90, 270)), 30, 80, 55)
    s.recovery.local_outer = s.recovery.local_outer + float(rng.uniform(0, 7)) * region


def nonspecific_st(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Slight sagging or flattening of the ST segment."""
    _outer(s, -0.02 - 0.022 * severity)
    _scale_t(s, float(rng.uniform(0.45, 0.9)))


def early_repolarization(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Notched or slurred end of the QRS, raised J point, tall T waves."""
    heart = ventricles()
    angle = float(rng.uniform(100, 200))
    where = heart.region(angle, 30, 75, 50)
    s.notch = s.notch + np.concatenate([0 * where, (0.10 + 0.22 * severity) * where])
    s.notch_ms = float(rng.uniform(18, 34))
    _outer(s, 0.012 + 0.02 * severity)
    _scale_t(s, float(rng.uniform(1.15, 1.6)))


def pericarditis(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Injury of the whole outer surface: ST elevation nearly everywhere."""
    _outer(s, 0.045 + 0.07 * severity)
    _scale_t(s, float(rng.uniform(0.6, 1.0)))


def digitalis(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Scooped ST depression, short QT, low T waves."""
    heart = ventricles()
    left = np.where(heart.is_rv | heart.is_septum, 0.0, 1.0)
    depth = 0.025 + 0.05 * severity
    s.sag = s.sag + np.concatenate([0.6 * depth * left, -depth * left])
    s.recovery.qt_ms *= 0.93
    _scale_t(s, float(rng.uniform(0.2, 0.6)))


def hyperkalemia(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Narrow peaked T waves; slow conduction when severe."""
    s.recovery.width *= 0.62
    s.recovery.skew = 1.0
    _scale_t(s, 1.5 + 1.1 * severity)
    s.recovery.qt_ms *= 0.94


def hypokalemia(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """ST depression and flat T waves (the U wave is added beside them)."""
    _scale_t(s, 0.35 - 0.25 * severity)
    _outer(s, -0.015 - 0.03 * severity)
    s.recovery.width *= 1.2


def hypocalcemia(s: Substrate, severity: float, rng: np.random.Generator) -> None:
    """Long ST segment with a T wave of normal width."""
    s.recovery.qt_ms *= 1.15 + 0.18 * severity
    s.recovery.width *= 0.85
    s.recovery.skew = 0.9


CHANGES: dict[str, Change] = {
    "long qt": long_qt,
    "short qt": short_qt,
    "low t": low_t,
    "inverted t": inverted_t,
    "tall t": tall_t,
    "nonspecific t": nonspecific_t,
    "nonspecific st": nonspecific_st,
    "early repolarization": early_repolarization,
    "pericarditis": pericarditis,
    "digitalis": digitalis,
    "hyperkalemia": hyperkalemia,
    "hypokalemia": hypokalemia,
    "hypocalcemia": hypocalcemia,
}
