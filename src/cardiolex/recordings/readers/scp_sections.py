"""The frame of an SCP-ECG record: pointers to sections, and their CRC."""

import binascii
import struct
from dataclasses import dataclass
from pathlib import Path

from cardiolex.recordings.readers.errors import ReadError, bounded_size

MOST_SCP = 4 << 20
_HEAD = struct.Struct("<HHIBB6s")  # CRC, section, length, versions, reserved
_NEEDED = (0, 2, 3, 4, 5, 6)
"""Sections the signal is made of: a wrong CRC in them is an error, in others a note."""


def looks_like_scp(path: Path, start: bytes) -> bool:
    """Tell whether the first bytes are those of a record: by its mark, else by its lengths."""
    if start[16:22] == b"SCPECG":
        return True
    if len(start) < 32 or int.from_bytes(start[2:6], "little") != path.stat().st_size:
        return False
    pointed = int.from_bytes(start[24:28], "little")  # of section 0 to itself
    return start[8:10] == start[22:24] == b"\0\0" and pointed == int.from_bytes(
        start[10:14], "little"
    )


@dataclass(frozen=True)
class Sections:
    """The data parts of the sections (without their heads), and notes on damage."""

    path: Path
    data: dict[int, bytes]
    notes: tuple[str, ...]

    @property
    def ids(self) -> set[int]:
        """Numbers of the sections that hold something."""
        return set(self.data)

    def get(self, number: int) -> bytes:
        """Return the data part of a section, b"" if it is not there."""
        return self.data.get(number, b"")

    def need(self, number: int) -> bytes:
        """Return the data part of a section; ReadError if it is not there."""
        if number not in self.data:
            raise ReadError(self.path, f"has no section {number}", "it holds no rhythm to read")
        return self.data[number]


def read_sections(path: Path) -> Sections:
    """Follow the pointers of section 0; ReadError for a wrong CRC or a section out of bounds."""
    size = bounded_size(path, MOST_SCP)
    record = path.read_bytes()
    if size < 6 + _HEAD.size:
        raise ReadError(path, "is cut off within its head", "fetch it again")
    crc, length = struct.unpack_from("<HI", record)
    if length != size:
        raise ReadError(path, f"states {length} bytes, but holds {size}", "the file is cut off")
    notes = []
    if binascii.crc_hqx(record[2:], 0xFFFF) != crc:
        notes.append(
            f"the CRC of the record is not {crc:#06x}; its sections were checked one by one"
        )
    pointers = _section(path, record, 0, 6, None, notes)
    data: dict[int, bytes] = {}
    for place in range(0, len(pointers) - 9, 10):
        number, length, index = struct.unpack_from("<HII", pointers, place)
        if number and length > _HEAD.size and number not in data:
            content = _section(path, record, number, index - 1, length, notes)
            if content:
                data[number] = content
    return Sections(path, data, tuple(notes))


def _section(
    path: Path, record: bytes, number: int, place: int, stated: int | None, notes: list[str]
) -> bytes:
    """Return the data part of the section at byte `place`, checked."""
    if place < 6 or place + _HEAD.size > len(record):
        raise ReadError(path, f"section {number} lies outside the file", "it is damaged")
    crc, found, length, _, _, _ = _HEAD.unpack_from(record, place)
    if found != number or length < _HEAD.size or place + length > len(record):
        raise ReadError(path, f"section {number} is not where it is said to be", "it is damaged")
    if stated is not None and stated != length:
        notes.append(f"section {number} holds {length} bytes, but its pointer says {stated}")
    if binascii.crc_hqx(record[place + 2 : place + length], 0xFFFF) != crc:
        if number in _NEEDED:
            raise ReadError(
                path, f"section {number} has a wrong CRC", "it is damaged: fetch it again"
            )
        notes.append(f"section {number} has a wrong CRC and was not read")
        return b""
    return record[place + _HEAD.size : place + length]
