"""What the atria do between T wave and the next QRS complex: repeated P waves or f waves."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import ATRIAL_HZ, FS

_LEAST_S = 0.12
_ZEROS_S = 4.0  # the spectrum's resolution is refined by zeros up to this length at least

Floats = NDArray[np.float32]
Gaps = list[tuple[int, int]]


def tq_gaps(
    beats: NDArray[np.intp], t_end: float, p_on: float, qrs_on: float, samples: int
) -> Gaps:
    """Return (first, last) samples between T ends and the next P or QRS, 0.12 s or longer.

    `t_end`, `p_on` and `qrs_on` are samples after the R peak (negative: before it). T is taken to
    keep its distance in longer intervals and to shorten with shorter ones.
    """
    usual = float(np.median(np.diff(beats))) if beats.size > 1 else float(samples)
    before = p_on if np.isfinite(p_on) else qrs_on - 0.04 * FS
    gaps = []
    for this, following in zip(beats[:-1].tolist(), beats[1:].tolist(), strict=True):
        rr = following - this
        first = this + t_end * min(1.0, (rr / usual) ** 0.5)
        last = following + before
        if last - first >= _LEAST_S * FS:
            gaps.append((max(0, round(first)), round(last)))
    return gaps


def f_waves(atrial: Floats, gaps: Gaps) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return rms (L,) of the atrial band in the gaps, and its dominant frequency and regularity."""
    inside = np.zeros(atrial.shape[1], np.bool_)
    for first, last in gaps:
        inside[first:last] = True
    if not inside.any():
        return np.full(len(atrial), np.nan), {}
    rms = np.sqrt((atrial[:, inside] ** 2).mean(axis=1, dtype=np.float64))
    found = {"tq_share": float(inside.mean())}
    from scipy.fft import next_fast_len, rfft

    length = next_fast_len(max(atrial.shape[1], round(_ZEROS_S * FS)), real=True)
    power = (np.abs(rfft(np.where(inside, atrial, np.float32(0)), length, axis=1)) ** 2).sum(axis=0)
    hz = np.arange(power.size) * FS / length
    band = (hz >= ATRIAL_HZ[0]) & (hz <= ATRIAL_HZ[1])
    if power[band].sum() > 0:
        smooth = np.convolve(power, np.ones(max(1, round(0.3 * length / FS))), "same")
        top = float(hz[band][smooth[band].argmax()])
        near = band & (np.abs(hz - top) <= 0.5)
        found["f_frequency"] = top
        found["f_regularity"] = float(power[near].sum() / power[band].sum())
    return rms, found


def repeatability(windows: Floats) -> tuple[NDArray[np.float64], float]:
    """Return the share of variance of P windows (B, L, n) that their median explains.

    Per lead (L,) and over all leads. Each window is first freed of its mean and slope, and
    smoothed over 20 ms. NaN with fewer than three beats.
    """
    if len(windows) < 3 or windows.shape[2] < 8:
        return np.full(windows.shape[1], np.nan), float("nan")
    time = np.linspace(-1, 1, windows.shape[2], dtype=np.float32)
    flat = windows - windows.mean(axis=2, keepdims=True)
    flat = flat - (flat @ time)[..., None] / float(time @ time) * time
    total = np.cumsum(flat, axis=2)
    flat = total[:, :, 5:] - total[:, :, :-5]
    rest = ((flat - np.median(flat, axis=0)) ** 2).sum(axis=(0, 2), dtype=np.float64)
    whole = (flat**2).sum(axis=(0, 2), dtype=np.float64)
    share = 1 - rest / np.maximum(whole, 1e-12)
    return share, float(1 - rest.sum() / max(float(whole.sum()), 1e-12))
