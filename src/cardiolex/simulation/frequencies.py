"""How often the causes occur: weights as (balanced mix, population mix)."""

from __future__ import annotations

import numpy as np

from cardiolex.simulation.settings import Mix

PROBLEMS: dict[str, tuple[float, float]] = {
    "healthy": (0.68, 0.47),
    "rate": (0.1, 0.07),
    "rhythm": (0.36, 0.08),
    "paced": (0.05, 0.015),
    "ectopy": (0.16, 0.05),
    "av": (0.12, 0.03),
    "block": (0.25, 0.09),
    "hypertrophy": (0.11, 0.08),
    "infarct": (0.27, 0.13),
    "ischemia": (0.06, 0.06),
    "repolarization": (0.19, 0.09),
    "form": (0.07, 0.03),
}
RHYTHMS = {
    "fibrillation": (0.38, 0.75),
    "flutter": (0.14, 0.05),
    "reentry": (0.1, 0.05),
    "atrial tachycardia": (0.07, 0.03),
    "multifocal": (0.05, 0.01),
    "junctional": (0.08, 0.04),
    "ectopic atrial": (0.07, 0.04),
    "idioventricular": (0.04, 0.01),
    "ventricular tachycardia": (0.04, 0.01),
    "sinus pause": (0.05, 0.01),
}
BLOCKS = {
    "rbbb": (0.16, 0.15),
    "irbbb": (0.22, 0.25),
    "lbbb": (0.15, 0.13),
    "ilbbb": (0.06, 0.02),
    "lafb": (0.17, 0.28),
    "lpfb": (0.06, 0.02),
    "rbbb+lafb": (0.07, 0.06),
    "rbbb+lpfb": (0.02, 0.005),
    "irbbb+lafb": (0.02, 0.01),
    "ivcd": (0.08, 0.12),
    "wpw": (0.07, 0.02),
}
TERRITORIES = {
    "inferior": (0.26, 0.4),
    "anteroseptal": (0.22, 0.33),
    "anterior": (0.12, 0.08),
    "anterolateral": (0.1, 0.06),
    "lateral": (0.08, 0.04),
    "inferolateral": (0.1, 0.07),
    "septal": (0.06, 0.02),
    "posterior": (0.06, 0.02),
}
REPOLARIZATION = {
    "nonspecific t": (0.22, 0.4),
    "low t": (0.1, 0.1),
    "nonspecific st": (0.12, 0.15),
    "inverted t": (0.1, 0.08),
    "tall t": (0.06, 0.02),
    "long qt": (0.08, 0.05),
    "short qt": (0.05, 0.01),
    "early repolarization": (0.08, 0.08),
    "pericarditis": (0.05, 0.01),
    "digitalis": (0.06, 0.06),
    "hyperkalemia": (0.04, 0.01),
    "hypokalemia": (0.04, 0.02),
    "hypocalcemia": (0.03, 0.01),
}


def pick(rng: np.random.Generator, table: dict[str, tuple[float, float]], mix: Mix) -> str:
    """A name from a table, by its weight in the mix."""
    weights = np.array([w[0 if mix == "balanced" else 1] for w in table.values()])
    return str(rng.choice(list(table), p=weights / weights.sum()))
