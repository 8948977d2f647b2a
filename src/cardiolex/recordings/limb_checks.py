"""What the limb leads tell about one another, and about how they were connected."""

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

_IDENTITIES = (
    {"I": 1.0, "III": 1.0, "II": -1.0},
    {"aVR": 1.0, "aVL": 1.0, "aVF": 1.0},
    {"aVR": 2.0, "I": 1.0, "II": 1.0},
)
_SMALLEST_SHARE = 0.05  # errors below this share of the leads' own size are rounding


def einthoven_error_mv(recording: Recording) -> float | None:
    """Return the largest 99th percentile of |I + III - II|, |aVR + aVL + aVF|, |aVR + (I + II)/2|.

    In millivolts, after removing each sum's median (a constant offset is harmless). None if no
    identity can be checked; 0 where the error is below 5 % of the leads' amplitude.
    """
    rows = dict(zip(recording.leads, recording.mv, strict=True))
    errors = []
    for identity in _IDENTITIES:
        if set(identity) <= set(rows):
            total = sum(weight * rows[lead] for lead, weight in identity.items())
            size = max(float(np.nanmax(np.abs(rows[lead]), initial=0)) for lead in identity)
            errors.append(_size(np.asarray(total, np.float32) / max(identity.values()), size))
    return max(errors) if errors else None


def _size(total: NDArray[np.floating], leads: float) -> float:
    finite = total[np.isfinite(total)]
    if not finite.size:
        return 0.0
    error = float(np.percentile(np.abs(finite - np.median(finite)), 99))
    return error if error > _SMALLEST_SHARE * leads else 0.0


def arms_reversed(beat: NDArray[np.float32], fs: float, before_s: float = 0.25) -> bool:
    """Tell from a median beat (12, N) whether the arm electrodes were probably swapped.

    Swapping the arms inverts I and exchanges aVR with aVL (and II with III). So P, QRS and T of I
    are inverted and aVR, otherwise the most negative lead, lies above aVL; and V6, where there is
    one, keeps its R, which it loses in dextrocardia. Right axis deviation keeps P and T upright in
    I. On 668 public records as they are this is never true; after swapping their arms on paper
    it is true of three quarters.
    """
    one, avr, avl, v6 = (
        _waves(beat[LEADS.index(lead)], fs, before_s) for lead in ("I", "aVR", "aVL", "V6")
    )
    if np.isnan([one, avr, avl]).any():
        return False
    p, qrs, t = one
    inverted = qrs < -0.05 and p < 0.03 and t < 0.1 and (p < -0.03 or t < -0.05)
    exchanged = bool((avr > avl - np.array([0.0, 0.0, 0.02])).all())
    lateral = bool(np.isnan(v6).any() or v6[1] > max(0.0, -qrs / 4))
    return bool(inverted and exchanged and lateral)


def _waves(lead: NDArray[np.float32], fs: float, before_s: float) -> NDArray[np.float64]:
    """Return the signed sizes of P, QRS (net) and T of one lead of a median beat, in mV."""

    def part(start_s: float, stop_s: float) -> NDArray[np.float32]:
        first, last = round((before_s + start_s) * fs), round((before_s + stop_s) * fs)
        return lead[max(0, first) : last + 1]

    level = np.median(part(-0.10, -0.05))
    p, qrs, t = (part(*span) - level for span in ((-0.24, -0.09), (-0.06, 0.06), (0.14, 0.42)))
    return np.array([_extreme(p), qrs.max() + qrs.min(), _extreme(t)], np.float64)


def _extreme(wave: NDArray[np.float32]) -> float:
    return float(wave[np.argmax(np.abs(wave))])
