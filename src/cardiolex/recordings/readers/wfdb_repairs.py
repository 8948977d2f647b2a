"""Headers that are known to be wrong, and what they should have said."""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.wfdb_header import Header

_EARLY_2020 = (
    (re.compile(r"E\d{5}"), 4880.0, "Georgia"),
    (re.compile(r"HR\d{5}"), 200.0, "PTB-XL"),
)
_TRUE_GAIN = 1000.0


def repair_gain(header: Header) -> tuple[Header, list[str]]:
    """Correct the gain of early PhysioNet/CinC Challenge 2020 headers, saying so.

    The first releases stated 4880/mV for Georgia (E00001…) and 200/mV for PTB-XL (HR00001…); the
    final release states 1000/mV for the same counts, and the amplitudes agree only with that.
    """
    for name, wrong, dataset in _EARLY_2020:
        if name.fullmatch(header.record) and all(
            s.gain == wrong and s.file == f"{header.record}.mat" and s.offset == 24
            for s in header.signals
        ):
            signals = tuple(replace(s, gain=_TRUE_GAIN) for s in header.signals)
            note = (
                f"gain {wrong:g}/mV is an error of the early Challenge 2020 headers of {dataset}; "
                f"{_TRUE_GAIN:g}/mV of the final release used"
            )
            return replace(header, signals=signals), [note]
    return header, []


def repair_stretched(
    header: Header, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[str]]:
    """Undo gains that stretch every lead to exactly 1 mV from peak to peak, saying so.

    LUDB's headers give each lead its own peak-to-peak count as gain, so that all amplitudes read
    alike and the limb leads contradict Einthoven's law, while the counts themselves obey it to
    rounding. The counts are taken as microvolts: so read, LUDB's amplitudes are those of PTB-XL.
    `values` (C, T) are in the header's unit. Both signs must hold, else nothing is touched.
    """
    gains = np.array([s.gain or 0.0 for s in header.signals])
    if len(gains) < 3 or not np.all(gains > 0) or np.ptp(gains) < 0.01 * gains.max():
        return values, []
    if not np.isfinite(values).all() or np.abs(np.ptp(values, axis=1) - 1.0).max() > 0.005:
        return values, []
    baselines = np.array([float(s.baseline) for s in header.signals])
    counts = values * gains[:, None] + baselines[:, None]
    rows = {standard_name(s.name): counts[i] for i, s in enumerate(header.signals)}
    if not {"I", "II", "III"} <= set(rows):
        return values, []
    if np.abs(rows["I"] + rows["III"] - rows["II"]).max() > 2.0:
        return values, []
    note = (
        "the header's gains stretch every lead to 1 mV peak to peak; 1000 counts per mV used for "
        "all leads, with which the limb leads obey Einthoven's law"
    )
    return counts / _TRUE_GAIN, [note]
