"""The state of one heart's ventricles, which diseases change before beats are computed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.activation import Conduction, normal_sites
from cardiolex.simulation.anatomy import ventricles

Floats = NDArray[np.float64]


def _zeros() -> Floats:
    return np.zeros(ventricles().segments)


@dataclass(eq=False)
class Recovery:
    """Repolarization. Times in ms.

    `qt_ms` is the QT interval aimed at; `transmural` is by how much the outer wall recovers
    before the inner one; `gradient` (3,) ms/cm: recovery time along the heart axes; `local_inner`
    and `local_outer` (S,) ms are added by region; `width` and `skew` shape the fall of the
    transmembrane potential (skew 1 symmetric T waves, 0.1 slow rise and quick fall);
    `coupling` is how much late activation delays recovery in the normal sequence, `secondary` how
    much a change of the sequence does (secondary T waves). A part `shoulder` of the potential
    falls `shoulder_ms` earlier and `shoulder_width` times as slowly (phase 2 of the action
    potential): T waves that rise gently out of the ST segment.
    """

    qt_ms: float = 390.0
    transmural: float = 10.5
    gradient: Floats = field(default_factory=lambda: np.array([0.85, 1.0, -2.7]))
    local_inner: Floats = field(default_factory=_zeros)
    local_outer: Floats = field(default_factory=_zeros)
    width: float = 36.0
    skew: float = 0.45
    coupling: float = -0.17
    secondary: float = 0.75
    shoulder: float = 0.3
    shoulder_ms: float = 55.0
    shoulder_width: float = 2.2


@dataclass(eq=False)
class Substrate:
    """Everything the ventricular part of a beat depends on.

    `scar` (2S,) in 0..1: muscle that no longer takes part; `injury` (2S,): loss of plateau
    potential (ST shift); `sag` (2S,): the same, but rising and falling within the ST segment
    (digitalis, hypokalemia); `notch` (2S,) early notch of the action potential (J wave);
    `mass` (2S,) strength of the sources. The injury current dies down around `injury_ends_ms`
    from the mean recovery time, over `injury_width` ms: the slope of the ST segment.
    """

    conduction: Conduction
    recovery: Recovery
    scar: Floats = field(default_factory=lambda: np.zeros(2 * ventricles().segments))
    injury: Floats = field(default_factory=lambda: np.zeros(2 * ventricles().segments))
    sag: Floats = field(default_factory=lambda: np.zeros(2 * ventricles().segments))
    notch: Floats = field(default_factory=lambda: np.zeros(2 * ventricles().segments))
    mass: Floats = field(default_factory=lambda: np.ones(2 * ventricles().segments))
    notch_ms: float = 25.0
    injury_ends_ms: float = -30.0
    injury_width: float = 45.0
    upstroke_ms: float = 2.5

    @classmethod
    def normal(cls) -> Substrate:
        """The ventricles of the average healthy adult."""
        return cls(Conduction(normal_sites()), Recovery(), mass=normal_mass())


def normal_mass() -> Floats:
    """Relative strength (2S,) of the sources: thick lateral wall, septum cancelled from within.

    Chosen, with the conduction speeds and the heart's normal position, so that one activation
    model gives the R and S amplitudes of healthy adults and, with a bundle or fascicle blocked,
    those of the blocks.
    """
    heart = ventricles()
    lateral = 1 + 0.46 * heart.region(165, 15, 75, 45)
    mass = np.where(heart.is_rv, 0.8, np.where(heart.is_septum, 0.42, lateral))
    return np.concatenate([mass, mass]) * 1.39
