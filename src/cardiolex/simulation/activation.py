"""When each patch of the ventricles is activated: shortest travel times from the starting sites.

Normal sequence after Durrer et al. 1970 (Circulation 41:899): left mid septum first, then the
anterior and posterior paraseptal left ventricle, the right ventricle 5-10 ms later at the
insertion of the anterior papillary muscle; posterobasal left ventricle last.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from cardiolex.simulation.anatomy import (
    LV_ENDO,
    LV_WALL,
    MUSCLE,
    RV_ENDO,
    RV_WALL,
    SEPTUM,
    ventricles,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """A starting site: node number and time (ms)."""

    node: int
    ms: float


@dataclass(frozen=True, eq=False)
class Conduction:
    """How excitation starts and spreads. Speeds in m/s.

    `slow` (S,) >= 1 divides the speed around a segment (scar, diseased fascicle).
    """

    sites: tuple[Site, ...]
    lv_purkinje: float = 1.84
    rv_purkinje: float = 1.04
    muscle: float = 0.53
    transmural: float = 0.40
    lv_thickness: float = 1.0
    rv_thickness: float = 1.0
    septal_thickness: float = 1.0
    slow: Floats = field(default_factory=lambda: np.ones(ventricles().segments))

    def without_purkinje(self) -> Conduction:
        """Spread from muscle to muscle only, with late and partial use of the Purkinje net."""
        return replace(self, lv_purkinje=1.1, rv_purkinje=0.95, muscle=1.15 * self.muscle)


def activation_ms(conduction: Conduction) -> Floats:
    """Activation times (2S,) in ms of all nodes, first activation at the earliest site."""
    heart = ventricles()
    ms_per_cm = _slowness(conduction)
    graph = heart.graph(ms_per_cm)
    return _first_arrival(graph, conduction.sites)


def _first_arrival(graph: csr_array, sites: tuple[Site, ...]) -> Floats:
    """Shortest times (2S,) from all sites at once: an extra node leads to each of them."""
    n = graph.shape[0]
    best = {node: min(s.ms for s in sites if s.node == node) for node in {s.node for s in sites}}
    nodes = np.array(sorted(best), dtype=np.int32)
    offset = 1.0 - min(best.values())  # a path of no length would be no path
    start = np.array([best[int(node)] + offset for node in nodes])
    extended = csr_array(
        (
            np.concatenate([graph.data, start]),
            np.concatenate([graph.indices, nodes]),
            np.concatenate([graph.indptr, [graph.indptr[-1] + len(nodes)]]).astype(np.int32),
        ),
        shape=(n + 1, n + 1),
    )
    return np.asarray(dijkstra(extended, indices=np.array([n]))[0, :n] - offset)


def _slowness(conduction: Conduction) -> Floats:
    speed = np.empty(6)
    speed[LV_ENDO] = conduction.lv_purkinje
    speed[RV_ENDO] = conduction.rv_purkinje
    speed[MUSCLE] = conduction.muscle
    speed[LV_WALL] = conduction.transmural / conduction.lv_thickness
    speed[SEPTUM] = conduction.transmural / conduction.septal_thickness
    speed[RV_WALL] = conduction.transmural / conduction.rv_thickness
    heart = ventricles()
    slow = np.concatenate([conduction.slow, conduction.slow])
    factor = (slow[heart.edge_from] + slow[heart.edge_to]) / 2
    return np.asarray(10.0 / speed[heart.edge_kind] * factor)


def normal_sites(
    *, rv_delay: float = 13.0, anterior: float = 6.0, posterior: float = 12.8, septal: float = 0.0
) -> tuple[Site, ...]:
    """The starting sites of a beat conducted through all fascicles (times in ms)."""
    delays = (
        septal,
        septal + 1,
        anterior,
        anterior + 4,
        posterior,
        posterior + 5,
        rv_delay,
        rv_delay,
    )
    return tuple(Site(node, ms) for node, ms in zip(_normal_nodes(), delays, strict=True))


@lru_cache(maxsize=1)
def _normal_nodes() -> tuple[int, ...]:
    heart = ventricles()
    return (
        heart.nearest(0, 20),
        heart.nearest(10, 40),
        heart.nearest(-75, 15),
        heart.nearest(-120, 40),
        heart.nearest(75, 30),
        heart.nearest(125, 45),
        heart.nearest(10, 30, rv=True),
        heart.nearest(10, 40, outer=True),
    )
