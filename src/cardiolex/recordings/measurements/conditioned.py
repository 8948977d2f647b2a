"""The signal in the bands that measurements are taken from, at one common rate."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.filters import continued
from cardiolex.recordings.measurements.spikes import without_spikes
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.repair import fill_missing

FS = 250.0
"""Rate of everything measured, in Hz."""
WANDER_HZ = 0.35
LOWPASS_HZ = 70.0
QRS_HZ = (8.0, 25.0)
ATRIAL_HZ = (3.5, 12.0)
NOISE_HZ = 25.0
_END_S = 1.0  # how far the ends are continued
_MOST_MISSING = 0.5  # a lead with more than this share missing is not measured

Signal = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Leads that carry signal, each band (L, T) at `FS`; `valid` (L, T) False where missing."""

    leads: tuple[str, ...]
    mv: Signal  # wander removed
    qrs: Signal
    atrial: Signal
    fast: Signal  # above NOISE_HZ
    valid: NDArray[np.bool_] | None  # None: nothing is missing
    spikes_s: NDArray[np.float64]


def condition(recording: Recording) -> Conditioned | None:
    """Filter all bands by one Fourier transform; None if no lead varies.

    Gains are those of a second-order Butterworth filter passed forwards and backwards. Missing
    samples are bridged; leads that are flat or mostly missing are left out.
    """
    finite = np.isfinite(recording.mv)
    whole = fill_missing(recording.mv)
    used = (np.ptp(whole, axis=1) > 1e-6) & (finite.mean(axis=1) > 1 - _MOST_MISSING)
    if not used.any() or recording.mv.shape[1] < 4:
        return None
    fs = recording.fs
    clean, spikes = without_spikes(whole[used], fs)
    bands = _bands(clean, fs)
    length = bands[0].shape[1]
    kept = finite[used]
    valid = None if kept.all() else kept[:, _nearest(length, fs, kept.shape[1])]
    names = tuple(lead for lead, use in zip(recording.leads, used, strict=True) if use)
    return Conditioned(names, *bands, valid, spikes)


def _nearest(length: int, fs: float, samples: int) -> NDArray[np.intp]:
    return np.minimum(np.round(np.arange(length) * fs / FS).astype(np.intp), samples - 1)


def _bands(mv: Signal, fs: float) -> tuple[Signal, Signal, Signal, Signal]:
    """Return (whole, QRS, atrial, fast) bands of finite (L, T), resampled to `FS`."""
    from scipy.fft import irfft, rfft

    samples = mv.shape[1]
    reach = min(round(_END_S * fs), samples - 1)
    centred = mv - np.median(mv[:, ::4], axis=1, keepdims=True)
    longer = continued(centred, reach, round(fs))
    ramp = np.sin(np.linspace(0, np.pi / 2, reach, dtype=np.float32)) ** 2
    longer[:, :reach] *= ramp
    longer[:, longer.shape[1] - reach :] *= ramp[::-1]
    seconds = ceil(longer.shape[1] / fs)
    n_in, n_out = round(seconds * fs), round(seconds * FS)
    kept = min(n_in, n_out) // 2 + 1
    spectrum = rfft(longer.astype(np.float32), max(n_in, longer.shape[1]), axis=1)[:, :kept]
    hz = np.arange(kept) / seconds
    first, length = round(reach * FS / fs), max(1, round(samples * FS / fs))

    def band(low: float | None, high: float | None) -> Signal:
        gain = (_gain(hz, low, high) * (n_out / n_in)).astype(np.float32)
        return np.asarray(
            irfft(spectrum * gain, n_out, axis=1)[:, first : first + length], np.float32
        )

    return (
        band(WANDER_HZ, LOWPASS_HZ),
        band(*QRS_HZ),
        band(*ATRIAL_HZ),
        band(NOISE_HZ, LOWPASS_HZ),
    )


def _gain(hz: NDArray[np.float64], low: float | None, high: float | None) -> NDArray[np.float64]:
    gain = np.ones_like(hz)
    if low is not None:
        ratio = (hz / low) ** 4
        gain = ratio / (1 + ratio)
    return gain if high is None else gain / (1 + (hz / high) ** 4)
