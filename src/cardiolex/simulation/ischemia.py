"""Ischemia without infarction: ST depression or T inversion by territory."""

from __future__ import annotations

import numpy as np

from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.infarction import territory
from cardiolex.simulation.substrate import Substrate

TERRITORIES = (
    "anterior",
    "anteroseptal",
    "anterolateral",
    "lateral",
    "inferior",
    "inferolateral",
    "diffuse",
)
KINDS = ("st depression", "t inversion", "both")


def ischemia(
    substrate: Substrate, where: str, kind: str, severity: float, rng: np.random.Generator
) -> None:
    """Subendocardial injury (ST depression) and late recovery of the outer wall (T inversion)."""
    heart = ventricles()
    if where == "diffuse":
        region = np.where(heart.is_rv, 0.0, 0.45 + 0.55 * heart.region(-175, 40, 80, 45))
    else:
        region = territory(where, rng, 1.25)
    if kind in ("st depression", "both"):
        loss = (0.016 + 0.055 * severity) * region
        substrate.injury = substrate.injury + np.concatenate([loss, -0.5 * loss])
    recovery = substrate.recovery
    if kind in ("t inversion", "both"):
        delay = (7 + 20 * severity) * region
        recovery.local_outer = recovery.local_outer + delay
        recovery.local_inner = recovery.local_inner - 0.1 * delay
    else:
        recovery.transmural *= float(rng.uniform(0.5, 1.1))
        substrate.injury_ends_ms = float(rng.uniform(-150, -30))  # up-sloping to horizontal
