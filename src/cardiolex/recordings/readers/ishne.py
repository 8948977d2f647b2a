"""ISHNE Holter ECG (Badilini 1998): fixed head of 512 bytes, int16 samples, CRC of the head."""

import binascii
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.recordings.readers.errors import ReadError, bounded_shape, bounded_size
from cardiolex.recordings.readers.named import named_channels
from cardiolex.recordings.readers.part import Part
from cardiolex.recordings.readers.person import calendar_day, years_between
from cardiolex.recordings.readers.pieces import require_rate
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.readers.xml_tree import filled
from cardiolex.recordings.recording import Recording

MAGIC = b"ISHNE1.0"
_START = 10  # magic (8 bytes) and CRC (2)
_HEAD = np.dtype(
    [
        ("block", "<i4"),  # bytes of the variable block
        ("samples", "<i4"),
        ("block_at", "<i4"),
        ("data_at", "<i4"),
        ("version", "<i2"),
        ("first_name", "S40"),
        ("last_name", "S40"),
        ("id", "S20"),
        ("sex", "<i2"),
        ("race", "<i2"),
        ("born", "<i2", 3),  # day, month, year
        ("recorded", "<i2", 3),
        ("written", "<i2", 3),
        ("begin", "<i2", 3),  # hour, minute, second
        ("leads", "<i2"),
        ("spec", "<i2", 12),
        ("quality", "<i2", 12),
        ("resolution", "<i2", 12),  # nV per count
        ("pacemaker", "<i2"),
        ("recorder", "S40"),
        ("fs", "<i2"),
        ("proprietary", "S80"),
        ("copyright", "S80"),
        ("reserved", "S88"),
    ]
)
_LEADS = {0: "unknown", 1: "bipolar", 2: "X", 3: "Y", 4: "Z", 5: "I", 6: "II", 7: "III"}
_LEADS |= {8: "aVR", 9: "aVL", 10: "aVF", **{10 + n: f"V{n}" for n in range(1, 7)}}
_LEADS |= {17: "ES", 18: "AS", 19: "AI"}
_QUALITY = {2: "intermittent noise", 3: "frequent noise", 4: "loose now and then", 5: "often loose"}
_PACEMAKER = {1: "yes, type not known", 2: "single chamber, unipolar", 3: "dual chamber, unipolar"}
_PACEMAKER |= {4: "single chamber, bipolar", 5: "dual chamber, bipolar"}


def read_ishne(path: Path, facts: Stated, part: Part) -> Recording:
    """Read the wanted part; only that part is loaded. A wrong CRC of the head is an error."""
    size = bounded_size(path, 1 << 40)
    head = _head(path)
    leads, offset, block = int(head["leads"]), int(head["data_at"]), int(head["block"])
    if not 1 <= leads <= 12 or not 0 <= block < 1 << 20 or offset < _START + _HEAD.itemsize + block:
        raise ReadError(path, f"states {leads} leads at byte {offset}", "its head is damaged")
    _check_crc(path, block)
    fs = require_rate(path, float(head["fs"]))
    resolution = [int(nv) for nv in head["resolution"][:leads]]
    if min(resolution) <= 0:
        raise ReadError(path, f"states resolutions of {resolution} nV", "its head is damaged")
    samples, notes = _length(path, int(head["samples"]), leads, size - offset)
    first, last = part.samples(path, fs, samples)
    bounded_shape(path, leads, last - first)
    counts = np.fromfile(path, "<i2", (last - first) * leads, offset=offset + 2 * leads * first)
    names = [_LEADS.get(int(code), f"lead {code}") for code in head["spec"][:leads]]
    return Recording.from_channels(
        counts.reshape(last - first, leads).T,
        named_channels(path, names, facts),
        fs,
        unit="nV",
        gain=[1 / nv for nv in resolution],
        id=path.stem,
        patient=_text(head["id"]) or None,
        age=years_between(_day(head["born"]), _day(head["recorded"])),
        sex={1: "male", 2: "female"}.get(int(head["sex"])),
        notes=tuple(notes),
        details=_details(head, names),
        unread=_unread(head, block),
    )


def _unread(head: Any, block: int) -> tuple[str, ...]:
    named = _text(head["first_name"]) or _text(head["last_name"])
    told = (f"variable block of {block} bytes" if block else "", "the name" if named else "")
    return tuple(filter(None, told))


def _head(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(_START + _HEAD.itemsize)
    if len(start) < _START + _HEAD.itemsize:
        raise ReadError(path, "is cut off within its head", "fetch it again")
    return np.frombuffer(start, _HEAD, 1, _START)[0]


def _check_crc(path: Path, block: int) -> None:
    """Check the CRC (CCITT, from 0xFFFF) over the fixed head and the variable block."""
    with path.open("rb") as file:
        file.seek(8)
        stated = int.from_bytes(file.read(2), "little")
        found = binascii.crc_hqx(file.read(_HEAD.itemsize + block), 0xFFFF)
    if stated != found:
        cause = f"its head has the CRC {found:#06x}, but states {stated:#06x}"
        raise ReadError(path, cause, "it is damaged: fetch it again")


def _length(path: Path, total: int, leads: int, left: int) -> tuple[int, list[str]]:
    """Return samples per lead; writers count them per lead or over all leads."""
    held = max(0, left) // (2 * leads)
    if total < 1:
        raise ReadError(path, f"states {total} samples", "its head is damaged")
    if held >= total:
        return total, []
    if total == held * leads:
        return held, ["the head counts the samples of all leads together"]
    raise ReadError(path, f"states {total} samples, but holds {held}", "the file is cut off")


def _details(head: Any, names: list[str]) -> dict[str, str]:
    bad = [
        f"{name}: {_QUALITY[int(code)]}"
        for name, code in zip(names, head["quality"], strict=False)
        if int(code) in _QUALITY
    ]
    return filled(
        {
            "device": _text(head["recorder"]),
            "recorded": f"{_day(head['recorded']) or ''} {_clock(*map(int, head['begin']))}",
            "pacemaker": _PACEMAKER.get(int(head["pacemaker"]), ""),
            "quality by the recorder": "; ".join(bad),
        }
    )


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip()


def _day(parts: Any) -> Any:
    day, month, year = map(int, parts)
    return calendar_day(year, month, day)


def _clock(hour: int, minute: int, second: int) -> str:
    fits = 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60
    return f"{hour:02}:{minute:02}:{second:02}" if fits else ""
