"""R peaks and heart rate from all leads together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.filters import zero_phase
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.repair import fill_missing
from cardiolex.recordings.running_median import median_of_few

REFRACTORY_S = 0.24
_BAND_HZ = (8.0, 25.0)
_INTEGRATION_S = 0.10
_BLOCK_S = 1.6  # holds at least one beat down to 38 per minute
_SHARE = 0.30  # of the usual peak: what counts as a beat
_T_WAVE_S = 0.36
_CONTRAST = 4.0  # usual peak over median energy; below it there is noise, or a fast rhythm
_PERIODIC = 0.42  # autocorrelation of the energy that makes it a fast rhythm
_SPIKE_S = 0.009  # pacing spikes and clicks are shorter


@dataclass(frozen=True)
class Beats:
    """R peaks of a recording: sample indices, and the rate they were counted at."""

    samples: NDArray[np.intp]
    fs: float

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Times of the R peaks in seconds."""
        return np.asarray(self.samples / self.fs, np.float64)

    @property
    def rr_s(self) -> NDArray[np.float64]:
        """Intervals between neighbouring beats in seconds."""
        return np.diff(self.times_s)

    @property
    def heart_rate(self) -> float | None:
        """Beats per minute from the median interval; None with fewer than two beats."""
        return float(60.0 / np.median(self.rr_s)) if self.samples.size > 1 else None

    def __len__(self) -> int:
        return int(self.samples.size)


def find_beats(recording: Recording) -> Beats:
    """Find the R peaks of `recording`, using every lead that varies.

    Slope energy in the QRS band (after Pan and Tompkins 1985, doi 10.1109/TBME.1985.325532) is
    scaled per lead and averaged over leads, so that noise in one lead counts little. Flat,
    missing or beat-free signals give no beats.
    """
    mv = fill_missing(recording.mv)
    mv = mv[np.ptp(mv, axis=1) > 0]
    fs = recording.fs
    if not mv.size or recording.duration < 0.5 or fs < 40:
        return Beats(np.empty(0, np.intp), fs)
    energy = qrs_energy(mv, fs)
    peaks = pick_beats(energy, fs)
    return Beats(_sharpen(mv, peaks, fs), fs)


def qrs_energy(mv: NDArray[np.float32], fs: float) -> NDArray[np.float64]:
    """Return the mean over leads (T,) of squared QRS-band slope; 1 is a typical strong slope."""
    low, high = _BAND_HZ[0], min(_BAND_HZ[1], 0.45 * fs)
    slope = np.gradient(zero_phase(_without_spikes(mv, fs), fs, low, high), axis=1)
    strong = np.percentile(np.abs(slope), 98, axis=1, keepdims=True)
    slope = np.minimum(np.abs(slope) / np.maximum(strong, 1e-12), 3.0)  # spikes are cut
    width = max(1, round(_INTEGRATION_S * fs))
    return np.convolve((slope**2).mean(axis=0), np.full(width, 1 / width), "same")


def _without_spikes(mv: NDArray[np.float32], fs: float) -> NDArray[np.float32]:
    """Remove pacing spikes by a running median, where the sampling rate is high enough."""
    from scipy.ndimage import median_filter

    width = 2 * int(_SPIKE_S * fs / 2) + 1
    if width in (3, 5) and mv.shape[1] >= width:
        return median_of_few(mv, width)
    return np.asarray(median_filter(mv, (1, width)), np.float32) if width > 1 else mv


def pick_beats(energy: NDArray[np.float64], fs: float) -> NDArray[np.intp]:
    """Return peaks of the energy above a share of their surroundings, T waves left out."""
    from scipy.signal import find_peaks

    peaks, _ = find_peaks(energy, distance=max(1, round(REFRACTORY_S * fs)))
    if not peaks.size:
        return peaks
    block = round(_BLOCK_S * fs)
    blocks = [
        energy[n : n + block].max() for n in range(0, max(1, energy.size - block // 2), block)
    ]
    usual = float(np.median(blocks))
    contrast = usual / max(float(np.median(energy)), 1e-12)
    if contrast < _CONTRAST and not _is_periodic(energy, fs):
        return peaks[:0]
    middles = (np.arange(len(blocks)) + 0.5) * block
    local = np.interp(np.arange(energy.size), middles, np.clip(blocks, 0.5 * usual, usual))
    threshold = _SHARE * local
    return _without_t_waves(peaks[energy[peaks] > threshold[peaks]], energy, fs)


def _is_periodic(energy: NDArray[np.float64], fs: float) -> bool:
    """Tell fast wide beats without pauses (ventricular tachycardia) from noise."""
    from scipy.signal import correlate

    centred = energy - energy.mean()
    correlation = correlate(centred, centred, "full")[energy.size - 1 :]
    lags = correlation[round(REFRACTORY_S * fs) : round(_BLOCK_S * fs)]
    return bool(lags.size and lags.max() > _PERIODIC * correlation[0])


def _without_t_waves(
    peaks: NDArray[np.intp], energy: NDArray[np.float64], fs: float
) -> NDArray[np.intp]:
    """Drop a peak that closely follows one more than twice as strong."""
    kept: list[int] = []
    for peak in peaks.tolist():
        near = bool(kept) and peak - kept[-1] < _T_WAVE_S * fs
        if near and energy[peak] < 0.5 * energy[kept[-1]]:
            continue
        kept.append(peak)
    return np.array(kept, np.intp)


def _sharpen(mv: NDArray[np.float32], peaks: NDArray[np.intp], fs: float) -> NDArray[np.intp]:
    """Move each peak to the largest deflection of all leads within 80 ms."""
    reach = max(1, round(0.08 * fs))
    deflection = np.abs(zero_phase(mv, fs, 1.0 if mv.shape[1] > fs else None, None)).sum(axis=0)
    starts = np.maximum(peaks - reach, 0)
    return np.array(
        [
            start + int(np.argmax(deflection[start : peak + reach + 1]))
            for start, peak in zip(starts, peaks, strict=True)
        ],
        np.intp,
    )


def median_beat(
    recording: Recording,
    beats: Beats,
    before_s: float = 0.25,
    after_s: float = 0.45,
    steady: NDArray[np.float32] | None = None,
) -> NDArray[np.float32] | None:
    """Return the median beat (12, N) around the R peaks, absent leads NaN; None without beats.

    The signal above 0.5 Hz is used, `steady` (L, T) if it is at hand; beats too near the ends are
    left out.
    """
    fs = recording.fs
    first, last = round(before_s * fs), round(after_s * fs)
    inside = [r for r in beats.samples.tolist() if r >= first and r + last <= recording.mv.shape[1]]
    if not inside:
        return None
    mv = zero_phase(fill_missing(recording.mv), fs, 0.5, None) if steady is None else steady
    stack = np.stack([mv[:, r - first : r + last] for r in inside])
    result = np.full((len(LEADS), first + last), np.nan, np.float32)
    result[[LEADS.index(lead) for lead in recording.leads]] = np.median(stack, axis=0)
    return result
