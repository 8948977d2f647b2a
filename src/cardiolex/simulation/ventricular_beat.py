"""QRS, ST segment and T wave of one kind of beat, in the eight independent leads.

Potential = sum over nodes of weight x transmembrane potential. The transmembrane potential of a
node is (upstroke at its activation time) - (recovery at its recovery time), so the two parts are
computed apart and can be moved against each other when QT changes with the heart rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from cardiolex.simulation.activation import activation_ms
from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.substrate import Recovery, Substrate

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

LEAD_IN_MS = 28.0  # before the first activation, in every template
COARSE_MS = 8.0  # step at which recovery is computed
MV_PER_UNIT = 0.030  # dipole of one cm2 of wave front, so that normal R waves have normal size


@dataclass(frozen=True, eq=False)
class VentricularBeat:
    """One kind of beat. Times in ms from the template's first sample.

    `rise` (8, W) is the part of the upstrokes, `fall` (8, W) that of recovery, float32 mV;
    the beat is rise - fall. `on_ms`, `off_ms`: QRS; `t_on_ms`, `t_off_ms`: T wave.
    """

    rise: Singles
    fall: Singles
    on_ms: float
    off_ms: float
    t_on_ms: float
    t_off_ms: float
    activation: Floats

    @property
    def qrs_ms(self) -> float:
        """QRS duration."""
        return self.off_ms - self.on_ms

    @property
    def qt_ms(self) -> float:
        """Nominal QT interval."""
        return self.t_off_ms - self.on_ms


def ventricular_beat(
    substrate: Substrate, field: Floats, fs: float, reference: Floats | None = None
) -> VentricularBeat:
    """The template of a beat.

    `field` (8, 2S, 3): lead vectors in the heart frame (`Torso.heart_field`). `reference`:
    activation times of the heart's normal beat, from which recovery times are inherited when
    this beat is conducted another way (secondary repolarization changes).
    """
    heart = ventricles()
    tau = activation_ms(substrate.conduction)
    tau = tau - tau.min()
    weight = np.einsum("lnk,nk->ln", field, heart.area_vector) * MV_PER_UNIT
    weight = _closed(weight * substrate.mass, substrate.scar)
    smear = _smear(tau, substrate.upstroke_ms)
    rho = recovery_ms(substrate.recovery, tau, tau if reference is None else reference)
    samples = _length(fs, tau, rho, substrate.recovery.width)
    amplitude = 1 - substrate.injury
    rise = _rise(weight * amplitude, tau, smear, fs, samples)
    fall = _fall(weight, rho, substrate.recovery, fs, samples)
    fall = fall - _injury_end(weight @ substrate.injury, rho, substrate, fs, samples)
    rise = rise + _early(weight, tau, substrate, rho, fs, samples)
    on, off = LEAD_IN_MS - 4, LEAD_IN_MS + float((tau + 0.6 * smear).max())
    t_off = LEAD_IN_MS + _quantile(rho, 0.9) + _tail_ms(substrate.recovery)
    t_on = LEAD_IN_MS + _quantile(rho, 0.3) - 3.5 * substrate.recovery.width
    return VentricularBeat(rise, fall, on, off, max(t_on, off + 10), t_off, tau)


def recovery_ms(recovery: Recovery, tau: Floats, reference: Floats) -> Floats:
    """Recovery times (2S,) of all nodes in ms from the first activation."""
    heart = ventricles()
    n = heart.segments
    sign = np.concatenate([np.full(n, 0.5), np.full(n, -0.5)])
    septum = np.concatenate([heart.is_septum, heart.is_septum])
    right = np.concatenate([heart.is_rv, heart.is_rv])
    thickness = np.where(septum, 0.1, np.where(right, 0.3, 1.0))
    rho = thickness * sign * recovery.transmural
    rho = rho + heart.point @ recovery.gradient
    rho = rho + np.concatenate([recovery.local_inner, recovery.local_outer])
    rho = rho + recovery.coupling * (reference - reference.mean())
    rho = rho + recovery.secondary * (tau - reference)
    end = _quantile(rho, 0.9) + _tail_ms(recovery)
    stretch = 0.55 * max(float((tau - reference).max()), 0.0)
    return np.asarray(rho - end + recovery.qt_ms + stretch)


def _quantile(values: Floats, share: float) -> float:
    """The value that `share` of `values` (N,) lie below; `numpy.quantile` is ten times slower."""
    return float(np.sort(values)[round(share * (len(values) - 1))])


def _tail_ms(recovery: Recovery) -> float:
    """From the recovery time of a node to the visible end of its recovery."""
    return (0.45 + 2.3 * recovery.skew) * recovery.width


def _closed(weight: Floats, scar: Floats) -> Floats:
    """Remove scarred nodes and close the surface along the border of the scar."""
    alive = weight * (1 - scar)
    border = 0.02 + scar * (1 - scar)
    closed = alive - alive.sum(axis=1, keepdims=True) * (border / border.sum())
    return np.asarray(closed)


def _smear(tau: Floats, least: float) -> Floats:
    """Logistic width (2S,) of the upstroke: a patch takes time to be crossed by the front."""
    heart = ventricles()
    step = np.abs(tau[heart.edge_from] - tau[heart.edge_to])
    n = len(tau)
    total = np.bincount(heart.edge_from, step, n) + np.bincount(heart.edge_to, step, n)
    count = np.bincount(heart.edge_from, minlength=n) + np.bincount(heart.edge_to, minlength=n)
    return np.asarray(least + 0.22 * total / count)


def _length(fs: float, tau: Floats, rho: Floats, width: float) -> int:
    end = LEAD_IN_MS + float(rho.max()) + 6 * width + 100  # room for later recovery
    coarse = int(np.ceil(end / COARSE_MS))
    return round(coarse * COARSE_MS * fs / 1000)


def _rise(weight: Floats, tau: Floats, smear: Floats, fs: float, samples: int) -> Singles:
    last = min(samples, round((LEAD_IN_MS + tau.max() + 6 * smear.max()) * fs / 1000))
    ms = (np.arange(last, dtype=np.float32) * np.float32(1000 / fs)) - np.float32(LEAD_IN_MS)
    x = (ms[None, :] - tau[:, None].astype(np.float32)) / (2 * smear[:, None].astype(np.float32))
    potential = 0.5 + 0.5 * np.tanh(x)
    out = np.empty((8, samples), dtype=np.float32)
    out[:, :last] = weight.astype(np.float32) @ potential
    out[:, :last] -= out[:, :1] * np.linspace(1, 0, last, dtype=np.float32)
    out[:, last:] = weight.sum(axis=1, keepdims=True)
    return out


def _fall(weight: Floats, rho: Floats, recovery: Recovery, fs: float, samples: int) -> Singles:
    coarse = int(np.ceil(samples * 1000 / fs / COARSE_MS)) + 1
    ms = np.arange(coarse) * COARSE_MS - LEAD_IN_MS
    late = (ms[None, :] - rho[:, None]).astype(np.float32)
    scale = np.float32(recovery.width * (0.45 + 0.3 * recovery.skew))
    share = np.float32(recovery.shoulder)
    early = np.float32(recovery.shoulder_ms)
    potential = (1 - share) * _recovered(late / scale, recovery.skew)
    slow = scale * np.float32(recovery.shoulder_width)
    potential += share * _recovered((late + early) / slow, 1.0)
    part = weight.astype(np.float32) @ potential
    return np.asarray(part @ _spline(coarse, samples, fs))


def _recovered(x: Singles, skew: float) -> Singles:
    """Generalized logistic from 0 to 1: slow rise and quick end for a small `skew`."""
    q = np.float32(skew)
    return np.asarray(1 - np.exp(-np.log1p(q * np.exp(np.minimum(x, np.float32(30)))) / q))


def _injury_end(
    lost: Floats, rho: Floats, substrate: Substrate, fs: float, samples: int
) -> Singles:
    """How the injury current (8,) mV disappears: sloping, before and during the T wave."""
    ms = np.arange(samples) * 1000 / fs - LEAD_IN_MS
    centre = float(rho.mean()) + substrate.injury_ends_ms
    x = np.clip((ms - centre) / (0.5 * substrate.injury_width), -30, 30)
    return np.asarray(lost[:, None] * (1 / (1 + np.exp(-x))), dtype=np.float32)


@lru_cache(maxsize=512)
def _spline(coarse: int, samples: int, fs: float) -> Singles:
    """(coarse, samples): cubic interpolation from the coarse steps as a matrix."""
    at = np.arange(samples) * 1000 / fs
    matrix = CubicSpline(np.arange(coarse) * COARSE_MS, np.eye(coarse), axis=0)(at)
    return np.ascontiguousarray(matrix.T.astype(np.float32))


def _early(
    weight: Floats, tau: Floats, substrate: Substrate, rho: Floats, fs: float, samples: int
) -> Singles:
    """J-wave notches (after each node's activation) and sags of the ST segment."""
    out = np.zeros((8, samples), dtype=np.float32)
    ms = np.arange(samples, dtype=np.float32) * np.float32(1000 / fs) - np.float32(LEAD_IN_MS)
    notched = np.flatnonzero(substrate.notch)
    if len(notched):
        late = ms[None, :] - tau[notched, None] - substrate.notch_ms * 0.6
        dip = np.exp(-0.5 * (late / (0.45 * substrate.notch_ms)) ** 2)
        out -= ((weight[:, notched] * substrate.notch[notched]) @ dip).astype(np.float32)
    if substrate.sag.any():
        start = float(tau.max()) - 5
        end = max(_quantile(rho, 0.6), start + 60)
        phase = np.clip((ms - start) / (end - start), 0, 1)
        shape = np.maximum(np.sin(np.pi * phase**0.9), 0) ** 1.5
        out -= ((weight @ substrate.sag)[:, None] * shape).astype(np.float32)
    return out
