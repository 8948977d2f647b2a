"""What is the matter with a simulated person: causes, not yet labels."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Literal

Sex = Literal["male", "female"]


@dataclass(frozen=True)
class Ectopy:
    """Premature beats. `burden` is the chance per beat; a pattern overrides it."""

    kind: Literal["none", "pac", "pvc", "pjc"] = "none"
    burden: float = 0.0
    pattern: Literal["scattered", "bigeminy", "trigeminy", "couplets", "runs"] = "scattered"
    multifocal: bool = False
    aberrant: bool = False
    blocked: bool = False
    interpolated: bool = False


@dataclass(frozen=True)
class Causes:
    """One person's heart. Severities run from 0 (healthy) to 1; NaN: chosen by the rhythm."""

    age: float = 50.0
    sex: Sex = "male"
    habitus: float = 0.0  # standard deviations of body mass
    rhythm: str = "sinus"
    rate_bpm: float = nan
    av: str = "normal"  # how atrial beats reach the ventricles
    pr_ms: float = nan
    ectopy: Ectopy = Ectopy()
    block: str = "none"
    pathway: str | None = None  # accessory
    lvh: float = 0.0
    lv_strain: float = 0.0
    rvh: float = 0.0
    rv_strain: float = 0.0
    lae: float = 0.0
    rae: float = 0.0
    infarct: str | None = None
    infarct_stage: str = "old"
    infarct_size: float = 1.0
    ischemia: str | None = None
    ischemia_kind: str = "both"
    ischemia_severity: float = 0.5
    repolarization: str | None = None
    repolarization_severity: float = 0.5
    voltage: float = 1.0  # factor on all QRS amplitudes
    u_wave: float = 0.0
    turn_frontal: float = nan  # degrees, electrical position of the heart
    turn_roll: float = nan
    hrv: float = nan  # relative
