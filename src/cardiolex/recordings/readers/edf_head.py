"""The head of an EDF or BDF file, checked before anything else is read, and its time stamps."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from cardiolex.recordings.readers.errors import MOST_CHANNELS, ReadError, bounded_size

MOST_BDF = 512 << 20
"""Largest BDF file: it is loaded whole."""
_MARKS = ("EDF Annotations", "BDF Annotations")
_STAMP = re.compile(rb"^([+-]\d{1,12}(?:\.\d{1,12})?)(?:\x15[^\x14]*)?\x14")


@dataclass(frozen=True)
class EdfHead:
    """Layout of the data records; `held` of the `records` stated are there."""

    wide: bool  # BDF: three bytes a sample
    plus: bool  # EDF+ or BDF+
    gaps: bool  # EDF+D: records need not follow one another
    bytes: int
    records: int
    held: int
    seconds: float  # of one data record
    labels: tuple[str, ...]
    samples: tuple[int, ...]  # per data record

    @property
    def record_bytes(self) -> int:
        """Bytes of one data record."""
        return sum(self.samples) * (3 if self.wide else 2)


def parse_edf_head(path: Path) -> EdfHead:
    """Read and check the head; ReadError for what no file can mean."""
    size = bounded_size(path)
    with path.open("rb") as file:
        start = file.read(256)
        if len(start) < 256:
            raise ReadError(path, "is cut off within its head", "fetch it again")
        wide = start[:1] == b"\xff"
        if wide:
            bounded_size(path, MOST_BDF)
        count = _number(path, start[252:256], "the number of signals")
        if not 1 <= count <= MOST_CHANNELS:
            raise ReadError(path, f"states {count:g} signals", "there is no signal to read")
        signals = file.read(256 * int(count))
    length = _number(path, start[184:192], "the length of the head")
    if len(signals) < 256 * count or length != 256 * (count + 1):
        raise ReadError(path, f"its head states {length:g} bytes for {count:g} signals")
    labels = [signals[16 * n : 16 * n + 16].decode("latin-1").strip() for n in range(int(count))]
    place = 216 * int(count)
    samples = [
        _number(path, signals[place + 8 * n : place + 8 * n + 8], f"samples of {labels[n]!r}")
        for n in range(int(count))
    ]
    if min(samples) < 1 or sum(samples) > 1 << 26:
        raise ReadError(path, f"states {min(samples):g} samples in a data record", "it is damaged")
    seconds = _number(path, start[244:252], "the duration of a data record")
    if not 0 < seconds < 1e6:
        raise ReadError(path, f"states data records of {seconds:g} s", "there is no signal to read")
    kind = start[192:236].decode("latin-1")
    records = int(_number(path, start[236:244], "the number of data records"))
    held = (size - int(length)) // (int(sum(samples)) * (3 if wide else 2))
    if records == 0 or records < -1 or held < 1:
        raise ReadError(path, f"states {records} data records and holds {held}", "it is cut off")
    return EdfHead(
        wide=wide,
        plus=kind[:4] in ("EDF+", "BDF+"),
        gaps=kind[:5] in ("EDF+D", "BDF+D"),
        bytes=int(length),
        records=held if records == -1 else records,
        held=held if records == -1 else min(held, records),
        seconds=seconds,
        labels=tuple(labels),
        samples=tuple(map(int, samples)),
    )


def record_starts(path: Path, head: EdfHead) -> list[float]:
    """Return the start of each data record in seconds, from the first annotation signal (EDF+)."""
    width = 3 if head.wide else 2
    marks = [n for n, label in enumerate(head.labels) if label in _MARKS]
    if not marks:
        raise ReadError(path, "is EDF+D, but has no annotations that say when", "it is damaged")
    offset = sum(head.samples[: marks[0]]) * width
    length = head.samples[marks[0]] * width
    data = np.memmap(path, np.uint8, "r", head.bytes, (head.held, head.record_bytes))
    starts: list[float] = []
    for record in data:
        stamp = _STAMP.match(record[offset : offset + length].tobytes())
        if stamp is None:
            raise ReadError(
                path, f"data record {len(starts) + 1} has no time stamp", "it is damaged"
            )
        starts.append(float(stamp[1]))
    if any(later <= earlier for earlier, later in pairwise(starts)):
        raise ReadError(path, "its data records are not in the order of time", "it is damaged")
    return starts


def _number(path: Path, field: bytes, what: str) -> float:
    text = field.decode("latin-1").strip()
    try:
        value = float(text)
    except ValueError:
        raise ReadError(path, f"{what} is {text!r}, not a number") from None
    if not abs(value) < 1e12:
        raise ReadError(path, f"{what} is {text!r}", "it is damaged")
    return value
