"""ECGs of the Apple Watch as Apple Health exports them: a CSV head in the user's language.

The lines of the head stand in a fixed order, their titles are translated: name, date of birth,
date of recording, classification, symptoms, software version, device, sample rate; then lead and
unit; then one number a line (with a decimal comma where the language has one).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.errors import ReadError, bounded_size
from cardiolex.recordings.readers.person import day_of, years_between
from cardiolex.recordings.readers.pieces import require_rate
from cardiolex.recordings.readers.xml_tree import filled, number
from cardiolex.recordings.recording import Recording

MOST_APPLE = 16 << 20
_SAMPLE = re.compile(r'^"?[-+]?\d')
_UNIT = re.compile(r"^([µμu]V|mV|microvolts?)$", re.I)
_LEAD_I = re.compile(r"(^|[\s\u00a0])I$|^I[\s\u00a0]")
_RATE = re.compile(r"^(\d+(?:[.,]\d+)?)[\s\u00a0]*[^\d\s]\D*$")  # 512 hertz, 512 Hz, 512 赫兹
_ABOVE_LEAD = ("rate", "device", "software", "symptoms", "classification", "recorded", "born")


@dataclass(frozen=True)
class AppleHead:
    """What stands above the samples: values by what they mean; `first` is the first sample line."""

    fields: dict[str, str]
    unit: str
    first: int


def parse_apple_head(text: str) -> AppleHead | None:
    """Return the head of an Apple Health ECG, or None if `text` is something else."""
    values: list[str] = []
    first = -1
    for n, line in enumerate(text.lstrip("\ufeff").splitlines()[:40]):
        if _SAMPLE.match(line):
            first = n
            break
        if line.strip(" ,;"):
            values.append(re.sub(r"^[^,;]*[,;]?", "", line).strip(' ",;'))
    units = [n for n, value in enumerate(values) if _UNIT.match(value)]
    if not units or units[0] < len(_ABOVE_LEAD) + 1 or not _LEAD_I.search(values[units[0] - 1]):
        return None
    above = reversed(values[: units[0] - 1])
    fields = dict(zip(_ABOVE_LEAD, above, strict=False))
    if not _RATE.match(fields["rate"]):
        return None
    return AppleHead(fields, values[units[0]], first if first >= 0 else len(text.splitlines()))


def read_apple(path: Path) -> Recording:
    """Read the one lead, which the watch records like lead I."""
    bounded_size(path, MOST_APPLE)
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    head = parse_apple_head(text)
    rate = None if head is None else _RATE.match(head.fields["rate"])
    if head is None or rate is None:
        raise ReadError(path, "has no head of an Apple Health ECG")
    fs = require_rate(path, number(path, rate[1].replace(",", "."), "the sample rate"))
    told = ("device", "software", "recorded", "symptoms")
    return Recording.from_channels(
        _numbers(path, text.splitlines()[head.first :])[None],
        ["I"],
        fs,
        unit=head.unit,
        id=path.stem,
        age=years_between(day_of(head.fields["born"]), day_of(head.fields["recorded"])),
        report=head.fields["classification"] or None,
        notes=("lead I as a watch records it: from one wrist to the other hand",),
        details=filled({key: head.fields[key] for key in told}),
        unread=("the name",),
    )


def _numbers(path: Path, lines: list[str]) -> NDArray[np.float64]:
    """Return one number a line; "12,5" has a decimal comma."""
    cells = [line.strip().strip('";,').replace(",", ".") for line in lines]
    cells = [cell for cell in cells if cell]
    if not cells:
        raise ReadError(path, "has a head but no samples", "export it again")
    try:
        return np.array(cells, np.float64)
    except ValueError as error:
        raise ReadError(path, f"a sample is no number ({error})", "export it again") from error
