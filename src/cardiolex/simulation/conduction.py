"""Bundle branch and fascicular blocks, pre-excitation, and where ectopic and paced beats start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cardiolex.simulation.activation import Conduction, Site
from cardiolex.simulation.anatomy import ventricles

RIGHT = slice(6, 8)  # places of the sites in `normal_sites`
SEPTAL = slice(0, 2)
ANTERIOR = slice(2, 4)
POSTERIOR = slice(4, 6)

BLOCKS = (
    "none",
    "rbbb",
    "irbbb",
    "lbbb",
    "ilbbb",
    "lafb",
    "lpfb",
    "rbbb+lafb",
    "rbbb+lpfb",
    "irbbb+lafb",
    "ivcd",
)


def blocked(conduction: Conduction, block: str, rng: np.random.Generator) -> Conduction:
    """Conduction with a bundle or fascicle interrupted or delayed."""
    out = conduction
    for part in block.split("+"):
        out = _ONE[part](out, rng)
    return out


def _without(conduction: Conduction, gone: slice) -> tuple[Site, ...]:
    away = set(conduction.sites[gone])
    return tuple(s for s in conduction.sites if s not in away)


def _late(conduction: Conduction, which: slice, ms: float) -> tuple[Site, ...]:
    late = set(conduction.sites[which])
    return tuple(Site(s.node, s.ms + ms) if s in late else s for s in conduction.sites)


def _rbbb(c: Conduction, rng: np.random.Generator) -> Conduction:
    left = replace(c, sites=_late(c, SEPTAL, float(rng.uniform(0, 8))))  # a small r in V1
    return replace(
        left,
        sites=_without(left, RIGHT),
        rv_purkinje=float(rng.uniform(0.8, 1.2)),
        septal_thickness=float(rng.uniform(1.8, 2.8)),
    )


def _irbbb(c: Conduction, rng: np.random.Generator) -> Conduction:
    return replace(c, sites=_late(c, RIGHT, float(rng.uniform(6, 18))))


def _lbbb(c: Conduction, rng: np.random.Generator) -> Conduction:
    free, septal = c.sites[RIGHT]
    later = septal.ms + float(rng.uniform(3, 14))
    return replace(
        c,
        sites=(septal, Site(free.node, later)),
        septal_thickness=float(rng.uniform(1.0, 1.5)),
        lv_purkinje=float(rng.uniform(1.1, 1.8)),
    )


def _ilbbb(c: Conduction, rng: np.random.Generator) -> Conduction:
    early = set(c.sites[RIGHT])
    delay = float(rng.uniform(20, 36))
    sites = tuple(s if s in early else Site(s.node, s.ms + delay) for s in c.sites)
    return replace(c, sites=sites, lv_purkinje=c.lv_purkinje * 0.9)


def _slowed(c: Conduction, angle: float, amount: float) -> Conduction:
    return replace(c, slow=c.slow + amount * ventricles().region(angle, 25, 60, 45))


def _lafb(c: Conduction, rng: np.random.Generator) -> Conduction:
    cut = replace(c, sites=_without(c, ANTERIOR))
    cut = replace(cut, sites=_late(cut, slice(2, 4), -float(rng.uniform(2, 9))))
    return _slowed(cut, -130, float(rng.uniform(0.5, 1.2)))


def _lpfb(c: Conduction, rng: np.random.Generator) -> Conduction:
    return _slowed(replace(c, sites=_without(c, POSTERIOR)), 100, float(rng.uniform(1.0, 1.9)))


def _ivcd(c: Conduction, rng: np.random.Generator) -> Conduction:
    factor = float(rng.uniform(0.55, 0.75))
    slower = replace(
        c,
        lv_purkinje=c.lv_purkinje * factor,
        rv_purkinje=c.rv_purkinje * factor,
        transmural=c.transmural * factor,
    )
    for _ in range(2):
        slower = _slowed(slower, float(rng.uniform(-180, 180)), float(rng.uniform(0.2, 0.9)))
    return slower


_ONE = {
    "none": lambda c, rng: c,
    "rbbb": _rbbb,
    "irbbb": _irbbb,
    "lbbb": _lbbb,
    "ilbbb": _ilbbb,
    "lafb": _lafb,
    "lpfb": _lpfb,
    "ivcd": _ivcd,
}

PATHWAYS = {  # accessory pathways at the mitral and tricuspid rings: angle, right ventricle
    "left lateral": (165.0, False),
    "left posterior": (110.0, False),
    "posteroseptal": (60.0, False),
    "right free wall": (20.0, True),
    "anteroseptal": (-55.0, True),
}


def preexcited(
    conduction: Conduction, rng: np.random.Generator, pathway: str, lead_ms: float
) -> Conduction:
    """Two wave fronts: from the accessory pathway first, through the His bundle `lead_ms` later.

    The early front spreads mostly from muscle to muscle, so the Purkinje net is slowed near it.
    """
    angle, right = PATHWAYS[pathway]
    heart = ventricles()
    node = heart.nearest(angle, -12, rv=right, outer=True)
    late = tuple(Site(s.node, s.ms + lead_ms) for s in conduction.sites)
    slow = conduction.slow
    if not right:
        slow = slow + float(rng.uniform(0.8, 1.6)) * heart.region(angle, 0, 60, 45)
    return replace(conduction, sites=(*late, Site(node, 0.0)), slow=slow)


def from_focus(conduction: Conduction, node: int) -> Conduction:
    """A beat that starts in the ventricular muscle."""
    return replace(conduction, sites=(Site(node, 0.0),)).without_purkinje()


def ectopic_focus(rng: np.random.Generator) -> int:
    """Where premature ventricular complexes come from: outflow tracts first, then anywhere."""
    heart = ventricles()
    u = rng.random()
    if u < 0.35:  # right ventricular outflow tract
        return heart.nearest(float(rng.uniform(-74, -30)), -16, rv=True)
    if u < 0.5:
        return heart.nearest(float(rng.uniform(-60, 60)), float(rng.uniform(-16, 44)), rv=True)
    level = float(rng.uniform(-12, 70))
    outer = bool(rng.random() < 0.3)
    return heart.nearest(float(rng.uniform(-180, 180)), level, outer=outer)


def pacing_site(rng: np.random.Generator) -> int:
    """Right ventricular apex mostly, else septum or outflow tract."""
    heart = ventricles()
    if rng.random() < 0.75:
        if rng.random() < 0.5:
            return heart.nearest(float(rng.uniform(20, 70)), 44, rv=True)
        return heart.nearest(float(rng.uniform(-10, 50)), 60, outer=True)
    return heart.nearest(float(rng.uniform(-20, 20)), float(rng.uniform(0, 40)), outer=True)
