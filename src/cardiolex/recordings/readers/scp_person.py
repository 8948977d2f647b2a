"""Patient, device and filters of an SCP-ECG record (EN 1064, section 1)."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cardiolex.recordings.readers.errors import ReadError
from cardiolex.recordings.readers.person import age_in, calendar_day, years_between

_AGE_UNITS = {1: "Y", 2: "M", 3: "W", 4: "D", 5: "H"}
_TEXTS = {16: "institution", 18: "department", 30: "comment", 35: "history"}


_NAMES = {0, 1, 3}
_READ = {2, 4, 5, 8, 13, 14, 25, 26, 27, 28, *_TEXTS}


def read_person(path: Path, section: bytes) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return patient, age, sex and details for `Recording.from_channels`, notes, what is unread.

    Names, addresses and physicians are not read.
    """
    tags: dict[int, bytes] = {}
    texts: dict[int, list[str]] = {}
    for tag, value in _fields(path, section):
        tags.setdefault(tag, value)
        texts.setdefault(tag, []).append(_text(value))
    day = _day(tags.get(25, b""))
    age, notes = None, list[str]()
    if len(tags.get(4, b"")) >= 3:
        number, unit = struct.unpack_from("<HB", tags[4])
        if number:
            age, notes = age_in(number, _AGE_UNITS.get(unit, ""))
    details = {
        "device": _device(tags.get(14, b"")),
        "recorded": f"{day or ''} {_clock(tags.get(26, b''))}",
        "indication": ". ".join(text for text in texts.get(13, []) if text),
        "filters": _filters(tags),
        **{name: ". ".join(filter(None, texts.get(tag, []))) for tag, name in _TEXTS.items()},
    }
    person = {
        "patient": _text(tags.get(2, b"")) or None,
        "age": age if age is not None else years_between(_day(tags.get(5, b"")), day),
        "sex": {1: "male", 2: "female"}.get(next(iter(tags.get(8, b"")), 0)),
        "details": details,
    }
    named = any(_text(tags[tag]) for tag in _NAMES & set(tags))
    unread = ["the name"] * named
    others = sorted(set(tags) - _READ - _NAMES)
    if others:
        unread.append(f"section 1, fields {', '.join(map(str, others))}")
    return person, notes, unread


def _fields(path: Path, section: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 3 <= len(section):
        tag, length = struct.unpack_from("<BH", section, place)
        if tag == 255:
            return
        if place + 3 + length > len(section):
            raise ReadError(path, f"section 1: field {tag} is cut off", "it is damaged")
        yield tag, section[place + 3 : place + 3 + length]
        place += 3 + length


def _text(value: bytes) -> str:
    return " ".join(value.split(b"\0")[0].decode("latin-1").split())


def _day(value: bytes) -> Any:
    return calendar_day(*struct.unpack_from("<HBB", value)) if len(value) >= 4 else None


def _clock(value: bytes) -> str:
    if len(value) < 3 or value[0] > 23 or value[1] > 59 or value[2] > 59:
        return ""
    return "{:02}:{:02}:{:02}".format(*value[:3])


def _device(value: bytes) -> str:
    """Return model and manufacturer of the acquiring device (tag 14)."""
    model = _text(value[8:14])
    strings = value[36:].split(b"\0")  # program revision, serial number, two programs, maker
    maker = _text(strings[4]) if len(strings) > 4 else ""
    return f"{maker} {model}".strip()


def _filters(tags: dict[int, bytes]) -> str:
    parts = []
    if len(tags.get(27, b"")) >= 2:
        (hundredths,) = struct.unpack_from("<H", tags[27])
        parts.append(f"high-pass {hundredths / 100:g} Hz")
    if len(tags.get(28, b"")) >= 2:
        (hertz,) = struct.unpack_from("<H", tags[28])
        parts.append(f"low-pass {hertz} Hz")
    return ", ".join(parts)
