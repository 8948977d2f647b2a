"""The ventricular walls as a closed surface of small patches.

An equivalent double layer (van Oosterom 2004, "The dominant T wave"; Geselowitz 1992): the
potential in any lead is a weighted sum of the transmembrane potentials on the surface that
bounds the ventricular muscle. The left ventricle is a truncated prolate ellipsoid, the right
ventricle a crescent around its septal side. Heart frame: z from base to apex, x from the left
ventricular axis to the right ventricle, y to the inferior wall. Lengths in cm.

Angles around the axis are counted from the mid septum: 0 septal, 90 inferior, 180 lateral,
-90 anterior.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]

LV_ANGLES = np.arange(-180.0, 180.0, 22.5)
LV_LEVELS = np.array([-12.0, 8.0, 26.0, 43.0, 60.0, 78.0])  # degrees from the equator to the apex
RV_ANGLES = np.linspace(-74.0, 74.0, 8)
RV_LEVELS = np.array([-16.0, 4.0, 24.0, 44.0])
LV_ENDO, RV_ENDO, MUSCLE, LV_WALL, RV_WALL, SEPTUM = range(6)  # kinds of edges


@dataclass(frozen=True, eq=False)
class Ventricles:
    """Patches and the paths between them.

    S segments, each with an inner and an outer node: nodes 0..S-1 are inner (left septal side
    for the septum), S..2S-1 outer (right septal side for the septum).
    `point` (2S, 3) cm; `area_vector` (2S, 3) cm2, signed so that potential = sum(L . area_vector
    * transmembrane potential). `angle`, `level` (S,) degrees; `is_rv`, `is_septum` (S,).
    Edges (E,): `edge_from`, `edge_to`, `edge_cm`, `edge_kind`.
    """

    point: Floats
    area_vector: Floats
    angle: Floats
    level: Floats
    is_rv: NDArray[np.bool_]
    is_septum: NDArray[np.bool_]
    edge_from: NDArray[np.int64]
    edge_to: NDArray[np.int64]
    edge_cm: Floats
    edge_kind: NDArray[np.int64]

    @property
    def segments(self) -> int:
        """Number of segments, S."""
        return len(self.angle)

    def graph(self, ms_per_cm: Floats) -> csr_array:
        """Symmetric travel times (ms) between neighboring nodes; `ms_per_cm` is (E,)."""
        ms = self.edge_cm * ms_per_cm
        order, columns, starts = _pattern()
        n = 2 * self.segments
        return csr_array((np.concatenate([ms, ms])[order], columns, starts), shape=(n, n))

    def nearest(self, angle: float, level: float, *, rv: bool = False, outer: bool = False) -> int:
        """The node nearest to an angle (degrees around the axis) and level."""
        turn = (self.angle - angle + 180) % 360 - 180
        off = np.hypot(turn * np.cos(np.radians(self.level)), self.level - level)
        off = np.where(self.is_rv == rv, off, np.inf)
        return int(np.argmin(off)) + (self.segments if outer else 0)

    def region(self, angle: float, level: float, width: float, height: float) -> Floats:
        """Smooth membership (S,) in 0..1 of a territory of the left ventricle."""
        turn = (self.angle - angle + 180) % 360 - 180
        far = (turn * np.cos(np.radians(self.level)) / width) ** 2
        far = far + ((self.level - level) / height) ** 2
        return np.where(self.is_rv, 0.0, 1 / (1 + far**2))


def _surface(
    angles: Floats, levels: Floats, radius: float, length: float, bulge: float
) -> tuple[Floats, Floats]:
    """Points and area vectors (levels, angles, 3) of an ellipsoid with a one-sided bulge."""

    def at(theta: Floats, phi: Floats) -> Floats:
        r = radius * np.cos(phi)
        r = r + bulge * np.cos(np.clip(theta * 90 / 86, -np.pi / 2, np.pi / 2)) * np.cos(phi)
        return np.stack([r * np.cos(theta), r * np.sin(theta), length * np.sin(phi)], axis=-1)

    phi, theta = np.meshgrid(np.radians(levels), np.radians(angles), indexing="ij")
    step = 1e-4
    along = (at(theta, phi + step) - at(theta, phi - step)) / (2 * step)
    around = (at(theta + step, phi) - at(theta - step, phi)) / (2 * step)
    d_phi = np.gradient(np.radians(levels))[:, None, None]
    d_theta = np.radians(angles[1] - angles[0])
    return at(theta, phi), np.cross(around, along) * d_phi * d_theta


def _edges(shape: tuple[int, int], offset: int, wrap: bool) -> list[tuple[int, int]]:
    index = np.arange(shape[0] * shape[1]).reshape(shape) + offset
    pairs = [(index[:-1], index[1:]), (index[:, :-1], index[:, 1:])]
    pairs += [(index[:-1, :-1], index[1:, 1:]), (index[:-1, 1:], index[1:, :-1])]
    if wrap:
        pairs += [(index[:, -1:], index[:, :1]), (index[:-1, -1:], index[1:, :1])]
        pairs += [(index[:-1, :1], index[1:, -1:])]
    return [(int(a), int(b)) for x, y in pairs for a, b in zip(x.flat, y.flat, strict=True)]


@lru_cache(maxsize=1)
def _pattern() -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Where in a compressed sparse matrix each edge and its reverse go."""
    heart = ventricles()
    rows = np.concatenate([heart.edge_from, heart.edge_to])
    columns = np.concatenate([heart.edge_to, heart.edge_from])
    order = np.lexsort((columns, rows))
    starts = np.searchsorted(rows[order], np.arange(2 * heart.segments + 1))
    return order, columns[order].astype(np.int32), starts.astype(np.int32)


@lru_cache(maxsize=1)
def ventricles() -> Ventricles:
    """The normal adult ventricles."""
    lv_in, lv_in_area = _surface(LV_ANGLES, LV_LEVELS, 2.5, 5.6, 0.0)
    lv_out, lv_out_area = _surface(LV_ANGLES, LV_LEVELS, 3.4, 6.5, 0.0)
    rv_in, rv_in_area = _surface(RV_ANGLES, RV_LEVELS, 3.5, 5.8, 2.1)
    rv_out, rv_out_area = _surface(RV_ANGLES, RV_LEVELS, 3.7, 6.2, 2.3)
    angle = np.concatenate([np.tile(LV_ANGLES, 6), np.tile(RV_ANGLES, 4)])
    level = np.concatenate([np.repeat(LV_LEVELS, 16), np.repeat(RV_LEVELS, 8)])
    is_rv = np.arange(128) >= 96
    is_septum = ~is_rv & (np.abs(angle) < 60) & (level < 50)
    inner = np.concatenate([lv_in.reshape(-1, 3), rv_in.reshape(-1, 3)])
    outer = np.concatenate([lv_out.reshape(-1, 3), rv_out.reshape(-1, 3)])
    inner_area = np.concatenate([lv_in_area.reshape(-1, 3), rv_in_area.reshape(-1, 3)])
    outer_area = np.concatenate([lv_out_area.reshape(-1, 3), rv_out_area.reshape(-1, 3)])
    area = np.concatenate([inner_area, -outer_area])
    area = _close(area, level, is_rv)
    pairs, kinds = _paths(angle, level, is_rv, is_septum)
    point = np.concatenate([inner, outer])
    point[:, 2] -= 2.0  # origin in the middle of the ventricles
    cm = np.linalg.norm(point[pairs[:, 0]] - point[pairs[:, 1]], axis=1)
    return Ventricles(
        point, area, angle, level, is_rv, is_septum, pairs[:, 0], pairs[:, 1], cm, kinds
    )


def _close(area: Floats, level: Floats, is_rv: NDArray[np.bool_]) -> Floats:
    """Put the missing faces at the valve plane on the basal nodes: the surface sum is zero."""
    closed = area.copy()
    for chamber in (is_rv, ~is_rv):
        both = np.concatenate([chamber, chamber])
        basal = np.concatenate([chamber & (level < 0)] * 2)
        closed[basal] -= area[both].sum(axis=0) / basal.sum()
    return closed


def _paths(
    angle: Floats, level: Floats, is_rv: NDArray[np.bool_], is_septum: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n = len(angle)
    pairs: list[tuple[int, int]] = []
    kinds: list[int] = []

    def add(new: list[tuple[int, int]], kind: int) -> None:
        pairs.extend(new)
        kinds.extend([kind] * len(new))

    add(_edges((6, 16), 0, True), LV_ENDO)
    add(_edges((4, 8), 96, False), RV_ENDO)
    outer_lv = [(a + n, b + n) for a, b in _edges((6, 16), 0, True)]
    right_side = [is_septum[a - n] and is_septum[b - n] for a, b in outer_lv]
    add([p for p, right in zip(outer_lv, right_side, strict=True) if right], RV_ENDO)
    add([p for p, right in zip(outer_lv, right_side, strict=True) if not right], MUSCLE)
    add([(a + n, b + n) for a, b in _edges((4, 8), 96, False)], MUSCLE)
    add([(k, k + n) for k in range(96) if not is_septum[k]], LV_WALL)
    add([(k, k + n) for k in range(96) if is_septum[k]], SEPTUM)
    add([(k, k + n) for k in range(96, n)], RV_WALL)
    for k in np.flatnonzero(is_rv & (np.abs(angle) > 70)):
        near = np.argsort(np.where(is_rv, np.inf, np.hypot(angle - angle[k], level - level[k])))
        add([(int(k), int(near[0]) + n), (int(k), int(near[1]) + n)], MUSCLE)
        add([(int(k) + n, int(near[0]) + n)], MUSCLE)
    for k in np.flatnonzero(is_rv & (level > 40)):  # the right ventricle ends on the septum
        near = np.argsort(
            np.where(is_rv, np.inf, np.hypot(angle - angle[k], level - level[k] - 12))
        )
        add([(int(k), int(near[0]) + n)], RV_ENDO)
        add([(int(k) + n, int(near[0]) + n)], MUSCLE)
    return np.array(pairs), np.array(kinds)
