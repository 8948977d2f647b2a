"""Hypertrophy of the ventricles and enlargement of the atria."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.substrate import Substrate


def hypertrophy_left(substrate: Substrate, severity: float, strain: float) -> None:
    """Thicker and larger left ventricle; `strain` turns the lateral T wave over.

    The wall takes longer to cross and the wave fronts are larger; repolarization starts from
    the inside when the wall is strained (secondary ST-T changes).
    """
    heart = ventricles()
    free = ~heart.is_rv & ~heart.is_septum
    substrate.mass = substrate.mass * np.where(np.tile(free, 2), 1 + 0.65 * severity, 1.0)
    septum = np.tile(heart.is_septum, 2)
    substrate.mass = np.where(septum, substrate.mass * (1 + 0.2 * severity), substrate.mass)
    c = substrate.conduction
    substrate.conduction = replace(
        c,
        lv_thickness=c.lv_thickness * (1 + 0.35 * severity),
        lv_purkinje=c.lv_purkinje * (1 - 0.12 * severity),
    )
    lateral = heart.region(-175, 25, 85, 50)
    delay = strain * 18.0
    substrate.recovery.local_outer = substrate.recovery.local_outer + delay * lateral
    substrate.recovery.local_inner = substrate.recovery.local_inner - 0.35 * delay * lateral
    fall = 0.036 * strain * lateral
    substrate.injury = substrate.injury + np.concatenate([fall, -0.2 * fall])


def hypertrophy_right(substrate: Substrate, severity: float, strain: float) -> None:
    """Thick right ventricle: rightward and anterior forces, right precordial strain."""
    heart = ventricles()
    right = np.tile(heart.is_rv, 2)
    substrate.mass = substrate.mass * np.where(right, 1 + 1.35 * severity, 1 - 0.25 * severity)
    c = substrate.conduction
    substrate.conduction = replace(c, rv_thickness=c.rv_thickness * (1 + 2.2 * severity))
    delay = strain * 24.0 * heart.is_rv
    substrate.recovery.local_outer = substrate.recovery.local_outer + delay
    substrate.recovery.local_inner = substrate.recovery.local_inner - 0.4 * delay
