"""Headers that are known to be wrong, and what they should have said."""

import re
from dataclasses import replace

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
