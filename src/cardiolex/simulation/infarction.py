"""Myocardial infarction by territory and age."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.substrate import Substrate

Floats = NDArray[np.float64]

TERRITORIES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    # angle around the axis, level, width, height (degrees); several patches are united
    "septal": ((-25.0, 35.0, 38.0, 32.0),),
    "anterior": ((-65.0, 50.0, 45.0, 34.0),),
    "anteroseptal": ((-30.0, 40.0, 42.0, 34.0), (-60.0, 55.0, 40.0, 28.0)),
    "anterolateral": ((-75.0, 50.0, 42.0, 32.0), (-150.0, 35.0, 45.0, 36.0)),
    "lateral": ((-170.0, 25.0, 58.0, 46.0),),
    "inferior": ((92.0, 25.0, 42.0, 36.0),),
    "inferolateral": ((95.0, 25.0, 40.0, 34.0), (165.0, 25.0, 48.0, 40.0)),
    "posterior": ((140.0, 4.0, 44.0, 32.0),),
}
STAGES = ("acute", "evolving", "old")


def territory(name: str, rng: np.random.Generator, size: float) -> Floats:
    """Membership (S,) in 0..1 of a territory, with the variation between patients."""
    heart = ventricles()
    member = np.zeros(heart.segments)
    for angle, level, width, height in TERRITORIES[name]:
        turn, lift = rng.normal(0, 9), rng.normal(0, 6)
        grow = size * float(np.exp(rng.normal(0, 0.12)))
        patch = heart.region(angle + turn, level + lift, width * grow, height * grow)
        member = np.maximum(member, patch)
    return np.asarray(np.clip(1.25 * member, 0, 1))


def infarct(
    substrate: Substrate, name: str, stage: str, size: float, rng: np.random.Generator
) -> None:
    """Change the ventricles as an infarct does.

    Acute: injury current over the region (ST elevation, reciprocal depression), tall T waves.
    Evolving: scar, some injury, deep T inversion. Old: scar, T inverted or
    recovered: what lives around the scar then recovers early.
    """
    region = territory(name, rng, size)
    if stage in ("evolving", "old") or rng.random() < 0.35:
        depth = float(rng.uniform(0.75, 1.0)) if stage != "acute" else float(rng.uniform(0.2, 0.6))
        inner, outer = region * depth, region * depth * float(rng.uniform(0.6, 1.0))
        scar = np.concatenate([inner, outer])
        substrate.scar = np.maximum(substrate.scar, scar)
        c = substrate.conduction
        slow = float(rng.uniform(0.1, 1.1))
        substrate.conduction = replace(c, slow=c.slow + slow * region)
    if stage == "acute":
        _injure(substrate, region, float(rng.uniform(0.07, 0.32)), rng)
    elif stage == "evolving":
        _injure(substrate, region, float(rng.uniform(0.02, 0.12)), rng)
    _turn_t(substrate, region, stage, rng)


def _injure(
    substrate: Substrate, region: Floats, strength: float, rng: np.random.Generator
) -> None:
    inner = float(rng.uniform(0.1, 0.4))
    loss = np.concatenate([inner * strength * region, strength * region])
    substrate.injury = substrate.injury + loss


def _turn_t(substrate: Substrate, region: Floats, stage: str, rng: np.random.Generator) -> None:
    recovery = substrate.recovery
    if stage == "acute":
        delay = float(rng.uniform(-9, 4))
    elif stage == "evolving":
        delay = float(rng.uniform(8, 30))
    else:
        delay = float(rng.uniform(3, 14)) if rng.random() < 0.28 else float(rng.uniform(-18, -3))
    wide = region**0.5
    recovery.local_outer = recovery.local_outer + delay * wide
    recovery.local_inner = recovery.local_inner + 0.35 * delay * wide
