"""From causes to one individual body and heart: natural variety lives here."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np

from cardiolex.simulation.activation import Conduction, Site, normal_sites
from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.causes import Causes
from cardiolex.simulation.chambers import hypertrophy_left, hypertrophy_right
from cardiolex.simulation.conduction import blocked, preexcited
from cardiolex.simulation.infarction import infarct
from cardiolex.simulation.ischemia import ischemia
from cardiolex.simulation.lead_field import ELECTRODES, Torso, turned
from cardiolex.simulation.repolarization import CHANGES
from cardiolex.simulation.substrate import Recovery, Substrate


def torso(causes: Causes, rng: np.random.Generator) -> Torso:
    """Position of the heart, electrodes and habitus.

    The heart lies more horizontally with age and body mass (QRS axis moves from about +60 to
    +20 degrees between 25 and 75 years).
    """
    young = float(np.clip((50 - causes.age) / 30, -1, 1))
    frontal = 4.5 + 12.0 * young - 4.0 * causes.habitus + rng.normal(0, 10.5)
    roll = -3.0 + 4.0 * young + rng.normal(0, 11)
    yaw = -8.0 + rng.normal(0, 8)
    if "lafb" in causes.block:
        frontal -= 9.0  # the fascicle that fails is the one stretched by a horizontal heart
    elif "lpfb" in causes.block:
        frontal += 10.0
    if causes.infarct in ("inferior", "inferolateral"):
        frontal -= 7.0  # lost inferior forces show most where the heart lies flat
    if not isnan(causes.turn_frontal):
        frontal = causes.turn_frontal
    if not isnan(causes.turn_roll):
        roll = causes.turn_roll
    shift = np.array([1.05, 0.18, -0.84]) + rng.normal(0, 0.55, 3)
    low = 2.2 if "lafb" in causes.block else 0.0  # S waves in V5 and V6
    row = np.array([0.0, rng.normal(low, 1.3), 0.0])  # the electrode row too high or low
    electrodes = ELECTRODES + rng.normal(0, 0.8, (6, 3)) + row
    limb = np.exp(rng.normal(0.23, 0.13) - 0.05 * causes.habitus)
    chest = np.exp(rng.normal(0.26, 0.14) - 0.07 * causes.habitus)
    if causes.sex == "female":
        chest *= 0.9
    each = np.exp(rng.normal([0, 0, -0.1, 0, -0.04, 0.07, 0.02, -0.04], 0.08))
    each[:2] = np.exp(rng.normal([0.06, -0.06], 0.04))
    gain = np.concatenate([[limb, limb], np.full(6, chest)]) * each
    return Torso(
        turned(roll, frontal, yaw), shift, electrodes, gain, float(rng.uniform(0.35, 0.75))
    )


def healthy_substrate(causes: Causes, rng: np.random.Generator) -> Substrate:
    """Ventricles without disease, different in every person."""
    substrate = Substrate.normal()
    substrate.conduction = _conduction(rng, causes)
    heart = ventricles()
    patches = 1 + 0.1 * _smooth(rng, 4)
    substrate.mass = substrate.mass * np.tile(np.clip(patches, 0.6, 1.5), 2)
    # right ventricle, septum, left free wall
    sides = np.array([0.76, 1.0, 1.0]) * np.exp(rng.normal(0, 0.09, 3))
    which = np.where(heart.is_rv, 0, np.where(heart.is_septum, 1, 2))
    substrate.mass = substrate.mass * np.tile(sides[which], 2)
    age_factor = 1.12 - 0.0035 * (causes.age - 20)
    sex_factor = 1.04 if causes.sex == "male" else 0.94
    spread = float(np.exp(rng.normal(0, 0.1)))
    substrate.mass = substrate.mass * (age_factor * sex_factor * spread * causes.voltage)
    substrate.injury_ends_ms = float(rng.uniform(-75, 5))
    substrate.injury_width = float(rng.uniform(35, 90))
    substrate.upstroke_ms = float(rng.uniform(1.8, 3.2))
    substrate.recovery = _recovery(causes, rng)
    _j_point(substrate, causes, rng)
    return substrate


def _conduction(rng: np.random.Generator, causes: Causes) -> Conduction:
    sites = normal_sites(
        rv_delay=float(np.clip(rng.normal(8.0, 2.5), 2, 13)),
        anterior=float(np.clip(rng.normal(6, 3), 0, 12)),
        posterior=float(np.clip(rng.normal(11, 3), 3, 17)),
    )
    sites = tuple(Site(s.node, max(0.0, s.ms + rng.normal(0, 1.5))) for s in sites)
    pace = float(np.exp(rng.normal(0.09, 0.07)))
    pace *= 0.97 if causes.sex == "male" else 1.03
    slow = np.clip(1 + 0.14 * _smooth(rng, 4), 0.75, 1.6)
    slow = slow + (rng.random(len(slow)) < 0.04) * rng.uniform(0, 0.9)  # notches and slurs
    normal = Conduction(sites)
    return replace(
        normal,
        lv_purkinje=normal.lv_purkinje * pace * float(np.exp(rng.normal(0, 0.08))),
        rv_purkinje=1.3 * normal.rv_purkinje * pace * float(np.exp(rng.normal(0, 0.08))),
        muscle=normal.muscle * pace,
        transmural=normal.transmural * pace * float(np.exp(rng.normal(0, 0.08))),
        slow=slow,
    )


def _recovery(causes: Causes, rng: np.random.Generator) -> Recovery:
    young = float(np.clip((45 - causes.age) / 30, -0.8, 1))
    size = float(np.exp(rng.normal(-0.39 + 0.1 * young, 0.2)))
    size *= 1.1 if causes.sex == "male" else 0.9
    width = float(rng.uniform(30, 46))
    skew = float(np.clip(rng.lognormal(-0.6, 0.5), 0.15, 1.0))
    shoulder = float(rng.uniform(0.15, 0.45))
    spread = 1.05 * size * _steepness(36.0, 0.4) / _steepness(width, skew) / (1 - 0.65 * shoulder)
    gradient = np.array([1.3, 1.0, -3.0]) + rng.normal(0, 0.22, 3)
    heart = ventricles()
    local = 1.6 * _smooth(rng, 3) * spread
    front = 8.0 * heart.region(-20, 20, 50, 40) * spread  # T in V2 and V3
    right = np.where(heart.is_rv, rng.normal(-15, 6.0), 0.0) * spread  # T in V1
    return Recovery(
        transmural=10.5 * spread,
        gradient=gradient * spread,
        local_inner=local + right * 0.3,
        local_outer=local * 0.6 + right - front,
        width=width,
        skew=skew,
        coupling=float(rng.normal(-0.17, 0.07)),
        shoulder=shoulder,
        shoulder_ms=float(rng.uniform(40, 70)),
        shoulder_width=float(rng.uniform(1.7, 2.6)),
    )


def _steepness(width: float, skew: float) -> float:
    """Greatest slope (per ms) of recovery: T waves grow with it, whatever their shape."""
    return float((1 + skew) ** (-(1 + skew) / skew)) / (width * (0.45 + 0.3 * skew))


def _j_point(substrate: Substrate, causes: Causes, rng: np.random.Generator) -> None:
    """ST segments of the healthy are raised a little, most in young men in V2-V4."""
    heart = ventricles()
    male = 1.2 if causes.sex == "male" else 0.75
    young = float(np.clip(1 + (50 - causes.age) / 110, 0.7, 1.3))
    lift = 0.027 * float(np.exp(rng.normal(0, 0.36))) * male * young
    front = np.where(heart.is_rv, 0.32, heart.region(-40, 30, 70, 50))
    substrate.injury = substrate.injury + np.concatenate([0 * front, lift * front])


def _smooth(rng: np.random.Generator, terms: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A random smooth function (S,) on the heart, of variance about one."""
    heart = ventricles()
    at = heart.point[: heart.segments]
    k = rng.normal(0, 0.45, (3, terms))
    phase = rng.uniform(0, 2 * np.pi, terms)
    waves = np.cos(at @ k + phase) @ rng.normal(0, 1, terms)
    return np.asarray(waves * np.sqrt(2 / terms))


def diseased_substrate(
    causes: Causes, rng: np.random.Generator, rr_ms: float
) -> tuple[Substrate, Substrate]:
    """The ventricles with all causes applied, and the same conducted without block.

    The second one gives the reference activation from which recovery times are inherited.
    """
    substrate = healthy_substrate(causes, rng)
    substrate.recovery.qt_ms = qt_at(rr_ms, causes, rng)
    if causes.lvh > 0 or causes.lv_strain > 0:
        hypertrophy_left(substrate, causes.lvh, causes.lv_strain)
    if causes.rvh > 0:
        hypertrophy_right(substrate, causes.rvh, causes.rv_strain)
    if causes.repolarization is not None:
        change = CHANGES[causes.repolarization]
        change(substrate, causes.repolarization_severity, rng)
    if causes.ischemia is not None:
        ischemia(substrate, causes.ischemia, causes.ischemia_kind, causes.ischemia_severity, rng)
    if causes.infarct is not None:
        infarct(substrate, causes.infarct, causes.infarct_stage, causes.infarct_size, rng)
    unblocked = replace(substrate)
    if causes.block != "none":
        substrate.conduction = blocked(substrate.conduction, causes.block, rng)
        _uncancelled(substrate, causes.block, rng)
        if "lafb" in causes.block or "lpfb" in causes.block:  # the fronts no longer cancel
            substrate.mass = substrate.mass * float(rng.uniform(0.55, 0.85))
            substrate.recovery.secondary = 0.35 if "rbbb" not in causes.block else 0.5
    if causes.pathway is not None:
        lead = float(rng.uniform(18, 50))
        substrate.conduction = preexcited(substrate.conduction, rng, causes.pathway, lead)
    return substrate, unblocked


def _uncancelled(substrate: Substrate, block: str, rng: np.random.Generator) -> None:
    """Septum and right ventricle count more when they are no longer activated from both sides."""
    heart = ventricles()
    septum, right = np.tile(heart.is_septum, 2), np.tile(heart.is_rv, 2)
    parts = block.split("+")
    wide = (1.0, 1.7) if "rbbb" in parts else (1.5, 2.4)
    if "rbbb" in parts or "lbbb" in parts:
        substrate.mass = substrate.mass * np.where(septum, float(rng.uniform(*wide)), 1.0)
    if "rbbb" in parts:
        substrate.mass = substrate.mass * np.where(right, float(rng.uniform(1.0, 1.9)), 1.0)
        substrate.recovery.secondary = float(rng.uniform(0.5, 0.85))
        later = float(rng.uniform(4, 11)) * heart.is_rv
        substrate.recovery.local_outer = substrate.recovery.local_outer + later
    if "irbbb" in parts:
        substrate.mass = substrate.mass * np.where(septum, float(rng.uniform(1.0, 1.3)), 1.0)
        substrate.recovery.secondary = 0.5
        later = float(rng.uniform(0, 9)) * heart.is_rv
        substrate.recovery.local_outer = substrate.recovery.local_outer + later


def qt_at(rr_ms: float, causes: Causes, rng: np.random.Generator) -> float:
    """QT of a healthy adult: QTc about 405 ms in men, 418 in women, 18 ms standard deviation.

    Between Bazett's and Framingham's dependence on the RR interval.
    """
    centre = 399.0 if causes.sex == "male" else 411.0
    corrected = rng.normal(centre + 0.15 * (causes.age - 50), 14)
    rr = np.clip(rr_ms, 330, 1800) / 1000
    return float(corrected * rr ** rng.uniform(0.38, 0.48))
