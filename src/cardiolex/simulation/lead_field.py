"""From sources in the heart to the leads.

Body frame (Frank): x to the left, y to the feet, z to the back. Only I, II and V1-V6 are
computed from sources; III and the augmented leads follow from I and II, so that Einthoven's and
Goldberger's relations hold exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")

DOWER = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
"""(8, 3): leads I, II, V1..V6 from the Frank leads X, Y, Z (Dower et al. 1980, Clin Cardiol
3:87; coefficients as in Edenbrandt & Pahlm 1988, J Electrocardiol 21:361)."""

ELECTRODES = np.array(
    [
        [-5.0, -1.0, -8.5],
        [0.0, -1.0, -9.0],
        [3.5, 1.0, -8.5],
        [7.0, 2.5, -7.0],
        [10.0, 2.5, -3.5],
        [11.5, 2.5, 1.0],
    ]
)
"""(6, 3) V1..V6, cm from the middle of the ventricles."""

_TO_TWELVE = np.zeros((12, 8))
_TO_TWELVE[0, 0] = _TO_TWELVE[1, 1] = 1
_TO_TWELVE[2, :2] = (-1, 1)
_TO_TWELVE[3, :2] = (-0.5, -0.5)
_TO_TWELVE[4, :2] = (1, -0.5)
_TO_TWELVE[5, :2] = (-0.5, 1)
_TO_TWELVE[6:, 2:] = np.eye(6)


@dataclass(frozen=True, eq=False)
class Torso:
    """One body: where the heart lies in it and where the electrodes are.

    `rotation` (3, 3) turns the heart frame into the body frame; `shift` (3,) cm moves the
    ventricles; `electrodes` (6, 3) cm; `gain` (8,) multiplies the leads (habitus);
    `proximity` in 0..1 says how strongly a chest electrode prefers the wall beneath it.
    """

    rotation: Floats
    shift: Floats
    electrodes: Floats
    gain: Floats
    proximity: float

    def field(self, point: Floats) -> Floats:
        """Lead vectors (8, N, 3) in the body frame for sources at `point` (N, 3), heart frame."""
        at = point @ self.rotation.T + self.shift
        strength = np.linalg.norm(DOWER[2:], axis=1)
        near = _pull(self.electrodes, at) - _pull(ELECTRODES, np.zeros((1, 3)))
        field = np.repeat(DOWER[:, None, :], len(at), axis=1)
        field[2:] += self.proximity * strength[:, None, None] * near
        return field * self.gain[:, None, None]

    def heart_field(self, point: Floats) -> Floats:
        """As `field`, with the lead vectors in the heart frame."""
        return np.asarray(self.field(point) @ self.rotation)


def _pull(electrodes: Floats, at: Floats) -> Floats:
    """Infinite-medium lead vectors, of length one for a source in the origin: (6, N, 3)."""
    to = electrodes[:, None, :] - at[None, :, :]
    far = np.maximum(np.linalg.norm(to, axis=-1, keepdims=True), 4.0)
    reference = np.linalg.norm(ELECTRODES, axis=1)[:, None, None]
    return np.asarray(to / far * (reference / far) ** 2)


def twelve_leads(independent: NDArray[np.float32]) -> NDArray[np.float32]:
    """(8, T) I, II, V1..V6 -> (12, T) in the canonical order."""
    out = np.empty((12, independent.shape[1]), dtype=np.float32)
    one, two = independent[0], independent[1]
    out[0], out[1] = one, two
    out[2] = two - one
    out[3] = -(one + two) / 2
    out[4] = one - two / 2
    out[5] = two - one / 2
    out[6:] = independent[2:]
    return out


def twelve_lead_vectors(field: Floats) -> Floats:
    """The same for lead vectors: (8, ...) -> (12, ...)."""
    return np.tensordot(_TO_TWELVE, field, axes=1)


HEART_AXES = np.array([[-0.754, -0.207, 0.622], [0.10, 0.898, 0.425], [-0.649, 0.388, -0.655]])
"""Columns: where septum-to-RV, inferior wall and apex point in the body of a normal adult."""


def standing(axes: Floats) -> Floats:
    """The nearest rotation to `axes` (polar decomposition)."""
    u, _, vt = np.linalg.svd(axes)
    return np.asarray(u @ vt)


def turned(roll: float, frontal: float, yaw: float) -> Floats:
    """Rotation of the normal heart: about its long axis, in the frontal and horizontal planes.

    Degrees; `frontal` > 0 turns the apex downward (vertical heart), `yaw` > 0 turns it
    forward, `roll` > 0 turns the right ventricle forward (counterclockwise from below).
    """
    r, f, y = np.radians([roll, frontal, yaw])
    about_axis = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    about_z = np.array([[np.cos(f), -np.sin(f), 0], [np.sin(f), np.cos(f), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    return np.asarray(about_y @ about_z @ standing(HEART_AXES) @ about_axis)
