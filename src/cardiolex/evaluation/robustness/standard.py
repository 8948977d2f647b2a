"""The disturbances and levels of `evaluate robustness`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.robustness.added_noise import KINDS, add_noise
from cardiolex.evaluation.robustness.disturbance import Disturbance, Unsuitable
from cardiolex.evaluation.robustness.lead_faults import (
    REVERSALS,
    electrode_off,
    leads_of_noise,
    leads_off,
    reverse_leads,
)
from cardiolex.recordings.recording import Recording
from cardiolex.simulation.electrodes import ELECTRODES

SNR_DB = (24.0, 18.0, 12.0, 6.0, 0.0, -6.0)
LEADS_OFF = (1, 2, 3, 6, 9, 11)
RATES_HZ = (500.0, 250.0, 125.0, 100.0, 62.5, 50.0)
LENGTHS_S = (10.0, 7.5, 5.0, 2.5, 1.5)
UNORDERED = ("electrode off", "cables exchanged")
"""Kinds whose levels are no steps of one thing."""


def standard_disturbances(kinds: Sequence[str] | None = None) -> tuple[Disturbance, ...]:
    """All disturbances, or those of `kinds`, in a fixed order; CardiolexError names what exists."""
    made = {kind: make(kind) for kind, make in _MAKERS.items()}
    unknown = [kind for kind in kinds or () if kind not in made]
    if unknown:
        raise CardiolexError(
            f"no such disturbance: {', '.join(unknown)}; there are: {', '.join(made)}"
        )
    return tuple(one for kind in kinds or made for one in made[kind])


def _noise(kind: str) -> list[Disturbance]:
    return [Disturbance(kind, f"{snr:g} dB", partial(_noisy, kind, snr)) for snr in SNR_DB]


def _noisy(kind: str, snr_db: float, recording: Recording, rng: np.random.Generator) -> Recording:
    return add_noise(recording, KINDS[kind], snr_db, rng)


def _off(kind: str) -> list[Disturbance]:
    return [Disturbance(kind, str(count), partial(_faulty, kind, count)) for count in LEADS_OFF]


def _faulty(kind: str, count: int, recording: Recording, rng: np.random.Generator) -> Recording:
    function = leads_off if kind == "leads off" else leads_of_noise
    return function(recording, count, rng)


def _electrode(kind: str) -> list[Disturbance]:
    return [Disturbance(kind, name, partial(_without, name)) for name in ELECTRODES]


def _without(electrode: str, recording: Recording, rng: np.random.Generator) -> Recording:
    return electrode_off(recording, electrode)


def _reversal(kind: str) -> list[Disturbance]:
    return [Disturbance(kind, name, partial(_moved, name)) for name in REVERSALS]


def _moved(name: str, recording: Recording, rng: np.random.Generator) -> Recording:
    return reverse_leads(recording, REVERSALS[name])


def _rate(kind: str) -> list[Disturbance]:
    return [Disturbance(kind, f"{fs:g} Hz", partial(_at_rate, fs)) for fs in RATES_HZ]


def _at_rate(fs: float, recording: Recording, rng: np.random.Generator) -> Recording:
    if recording.fs < fs:
        raise Unsuitable(f"recording {recording.id!r} was sampled at {recording.fs:g} Hz only")
    return recording.resample(fs)


def _length(kind: str) -> list[Disturbance]:
    return [Disturbance(kind, f"{s:g} s", partial(_first_seconds, s)) for s in LENGTHS_S]


def _first_seconds(seconds: float, recording: Recording, rng: np.random.Generator) -> Recording:
    if recording.duration < seconds - 0.01:
        raise Unsuitable(f"recording {recording.id!r} lasts {recording.duration:g} s only")
    return recording.crop(0, seconds)


_MAKERS: dict[str, Callable[[str], list[Disturbance]]] = {
    **dict.fromkeys(KINDS, _noise),
    "leads off": _off,
    "leads of noise": _off,
    "electrode off": _electrode,
    "cables exchanged": _reversal,
    "sampling rate": _rate,
    "length": _length,
}
