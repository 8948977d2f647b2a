"""What a cart does to the leads: exchanged or loose electrodes, filters, gain, converter.

`acquire` applies the causes in physical order. Carts differ by data set: PTB-XL keeps the
baseline (0.05 Hz) and was digitised in steps of 5 uV, CPSC2018 was filtered at 0.5 Hz and
often at 100 Hz with a notch, Georgia and Chapman-Shaoxing have steps of 4.88 uV, SPH is the
smoothest, and the headers of LUDB stretch every lead to a range of 1 mV. The mixture follows
what was measured on records of those data sets; 0.05 to 150 Hz is what AHA/ACC/HRS asks for
(Kligfield et al., Circulation 2007;115:1306).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.simulation.electrodes import LEAD_MATRIX, limb_permutation
from cardiolex.simulation.filters import Filter, filter_leads
from cardiolex.simulation.lead_field import twelve_leads

T = TypeVar("T")

LIMB_REVERSALS: Final = {
    "RA-LA": limb_permutation("RA", "LA"),
    "RA-LL": limb_permutation("RA", "LL"),
    "LA-LL": limb_permutation("LA", "LL"),
}
_LIMB_WEIGHTS: Final = (0.6, 0.2, 0.2)  # the arms are exchanged most often
_STEPS_MV: Final = (0.001, 0.0025, 0.00488, 0.005)
_PRECORDIAL: Final = range(6, 12)
_CHANNELS: Final = [0, 1, *_PRECORDIAL]  # what a cart records; the other leads are computed
_MAINS_HZ: Final = (50.0, 60.0)


@dataclass(frozen=True)
class Cart:
    """Filters of one family of recorders: choices with their shares."""

    name: str
    highpass_hz: tuple[tuple[float | None, float], ...]
    lowpass_hz: tuple[tuple[float | None, float], ...]
    notch: float  # share of recordings with a mains notch
    highpass_order: int = 1
    steps_mv: tuple[float, ...] = _STEPS_MV


CARTS: Final = (
    Cart(
        "PTB-XL",
        highpass_hz=((0.05, 0.95), (0.15, 0.05)),
        lowpass_hz=((150.0, 0.9), (100.0, 0.1)),
        notch=0.1,
        steps_mv=(0.005, 0.001),
    ),
    Cart(
        "LUDB",
        highpass_hz=((None, 0.3), (0.05, 0.4), (0.5, 0.3)),
        lowpass_hz=((None, 0.9), (150.0, 0.1)),
        notch=0.05,
        steps_mv=(0.001,),
    ),
    Cart(
        "CPSC2018",
        highpass_hz=((0.5, 0.8), (0.15, 0.2)),
        lowpass_hz=((150.0, 0.6), (100.0, 0.4)),
        notch=0.4,
        highpass_order=2,
        steps_mv=(0.001, 0.0025),
    ),
    Cart(
        "Georgia",
        highpass_hz=((0.05, 0.5), (0.15, 0.3), (0.5, 0.2)),
        lowpass_hz=((150.0, 0.8), (None, 0.2)),
        notch=0.1,
        steps_mv=(0.00488,),
    ),
    Cart(
        "SPH",
        highpass_hz=((0.5, 1.0),),
        lowpass_hz=((100.0, 0.8), (40.0, 0.2)),
        notch=0.8,
        highpass_order=4,
        steps_mv=(0.001, 0.00488),
    ),
)


@dataclass(frozen=True)
class AcquisitionSettings:
    """Shares of the carts (in the order of `CARTS`) and probabilities per recording."""

    cart_shares: tuple[float, ...] = (0.40, 0.18, 0.22, 0.12, 0.08)
    causal_probability: float = 0.4  # else zero phase
    gain_spread: float = 0.02  # SD of the gain error of each channel
    uncalibrated_probability: float = 0.04  # every lead stretched to a range of its own
    clip_probability: float = 0.004  # gain far too high for the converter
    range_mv: tuple[float, ...] = (5.0, 10.0, 16.0, 32.0)
    precordial_off_probability: float = 0.012
    limb_off_probability: float = 0.002
    limb_reversal_probability: float = 0.015
    precordial_swap_probability: float = 0.01

    @classmethod
    def ideal(cls) -> AcquisitionSettings:
        """Filters, channel gain and converter only: no fault and no exchange of electrodes."""
        return cls(
            uncalibrated_probability=0.0,
            clip_probability=0.0,
            precordial_off_probability=0.0,
            limb_off_probability=0.0,
            limb_reversal_probability=0.0,
            precordial_swap_probability=0.0,
        )


def acquire(
    mv: NDArray[np.float32],
    fs: float,
    rng: np.random.Generator,
    settings: AcquisitionSettings = AcquisitionSettings(),
) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[str, ...]]:
    """The recording that a cart makes of what arrives at its inputs.

    `mv` is (12, T) in mV, canonical order, noise included; `fs` in Hz. Returns the recorded
    leads (12, T) float32, which leads are present (12,), and the events, among them
    "limb lead reversal RA-LA", "precordial swap V1-V2", "lead off V3 (flat)",
    "lead off V3 (noise)", "lead off V3 (missing)", "clipped", "amplitude not calibrated".
    A lead that is flat or missing is not present and holds zeros; a lead of pure noise is
    present, for a recorder that cannot tell.
    """
    mv, events = _exchange(mv, rng, settings)
    cart = _draw_cart(rng, settings)
    channels = filter_leads(mv[_CHANNELS], fs, draw_filter(rng, settings, cart))
    mv = twelve_leads(channels * _gains(rng, settings))
    if rng.random() < settings.uncalibrated_probability:
        mv = stretch(mv, rng)
        events.append("amplitude not calibrated")
    limit = settings.range_mv[rng.integers(len(settings.range_mv))]
    if rng.random() < settings.clip_probability:
        limit = float(rng.uniform(0.4, 0.8) * np.abs(mv).max())
        events.append("clipped")
    mv = convert(mv, step_mv=cart.steps_mv[rng.integers(len(cart.steps_mv))], limit_mv=limit)
    present, lost = _lose_leads(mv, fs, rng, settings)
    return mv, present, (*events, *lost)


def convert(mv: NDArray[np.float32], step_mv: float, limit_mv: float) -> NDArray[np.float32]:
    """Round to multiples of `step_mv`, saturating at ± `limit_mv`; same shape, float32."""
    last = np.float32(np.floor(limit_mv / step_mv))
    counts = mv * np.float32(1 / step_mv)
    np.rint(counts, out=counts)
    np.clip(counts, -last, last, out=counts)
    return np.asarray(counts * np.float32(step_mv), dtype=np.float32)


def stretch(mv: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Scale every lead to a peak-to-peak range near 1 mV, as the gains in LUDB's headers do."""
    extent = np.ptp(mv, axis=1, keepdims=True)
    target = np.exp(0.05 * rng.standard_normal((len(mv), 1))).astype(np.float32)
    scale = np.where(extent > 0, target / np.maximum(extent, np.float32(1e-6)), np.float32(1))
    return np.asarray(mv * scale, dtype=np.float32)


def draw_filter(rng: np.random.Generator, settings: AcquisitionSettings, cart: Cart) -> Filter:
    """The filter setting of one recording of `cart`.

    Steep or high high-pass filters are zero-phase, else they would displace ST.
    """
    highpass = _choose(rng, cart.highpass_hz)
    gentle = highpass is None or (highpass < 0.5 and cart.highpass_order == 1)
    return Filter(
        highpass_hz=highpass,
        highpass_order=cart.highpass_order,
        lowpass_hz=_choose(rng, cart.lowpass_hz),
        notch_hz=_MAINS_HZ[rng.integers(2)] if rng.random() < cart.notch else None,
        causal=bool(rng.random() < settings.causal_probability and gentle),
    )


def _draw_cart(rng: np.random.Generator, settings: AcquisitionSettings) -> Cart:
    return _choose(rng, tuple(zip(CARTS, settings.cart_shares, strict=True)))


def _choose(rng: np.random.Generator, choices: tuple[tuple[T, float], ...]) -> T:
    """One of `choices` (value, share); faster than Generator.choice."""
    left = rng.random() * sum(share for _, share in choices)
    for value, share in choices:
        left -= share
        if left < 0:
            return value
    return choices[-1][0]


def _gains(rng: np.random.Generator, settings: AcquisitionSettings) -> NDArray[np.float32]:
    """Gains (8, 1) of the channels (I, II, V1 to V6); III and aVx follow from I and II."""
    return (1 + settings.gain_spread * rng.standard_normal((8, 1))).astype(np.float32)


def _exchange(
    mv: NDArray[np.float32], rng: np.random.Generator, settings: AcquisitionSettings
) -> tuple[NDArray[np.float32], list[str]]:
    """Electrodes at each other's place."""
    events = []
    if rng.random() < settings.limb_reversal_probability:
        pair = str(rng.choice(list(LIMB_REVERSALS), p=_LIMB_WEIGHTS))
        mv = LIMB_REVERSALS[pair] @ mv
        events.append(f"limb lead reversal {pair}")
    if rng.random() < settings.precordial_swap_probability:
        a = int(rng.integers(6, 11))
        b = a + 1 if rng.random() < 0.8 else int(rng.choice([i for i in _PRECORDIAL if i != a]))
        order = np.arange(12)
        order[[a, b]] = b, a
        mv = mv[order]
        events.append(f"precordial swap {LEADS[min(a, b)]}-{LEADS[max(a, b)]}")
    return mv, events


def _lose_leads(
    mv: NDArray[np.float32], fs: float, rng: np.random.Generator, settings: AcquisitionSettings
) -> tuple[NDArray[np.bool_], list[str]]:
    """Electrodes that came off: their leads are overwritten in place."""
    present = np.ones(12, dtype=bool)
    lost: list[int] = []
    if rng.random() < settings.precordial_off_probability:
        count = 1 if rng.random() < 0.7 else int(rng.integers(2, 7))
        lost = sorted(int(i) for i in rng.choice(_PRECORDIAL, size=count, replace=False))
    if rng.random() < settings.limb_off_probability:
        electrode = int(rng.integers(3))
        lost = [i for i in range(6) if LEAD_MATRIX[i, electrode] != 0] + lost
    if not lost:
        return present, []
    kind = str(rng.choice(("flat", "noise", "missing")))
    if kind == "noise":
        mv[lost] = _open_input(mv.shape[1], fs, rng)
    else:
        mv[lost] = 0.0
        present[lost] = False
    return present, [f"lead off {LEADS[i]} ({kind})" for i in lost]


def _open_input(samples: int, fs: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """What an input picks up with no electrode on it: mains and noise, no heart; (samples,)."""
    t = np.arange(samples) / fs
    hum = rng.uniform(0.0, 0.3) * np.sin(2 * np.pi * _MAINS_HZ[rng.integers(2)] * t)
    noise = rng.uniform(0.002, 0.05) * rng.standard_normal(samples)
    return np.asarray(hum + noise, dtype=np.float32)
