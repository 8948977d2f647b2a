"""Statements of an SCP-ECG record: full text (section 8) and universal codes (section 11)."""

import struct
from pathlib import Path

from cardiolex.recordings.readers.errors import ReadError

_STATUS = {0: "original, not overread", 1: "confirmed", 2: "overread, not confirmed"}


def read_statements(path: Path, section: bytes, coded: bool = False) -> tuple[list[str], str]:
    """Return the statements and the status of the report; nothing of an absent section.

    In section 11 (`coded`) a statement starts with a byte for its kind: 1 = universal codes,
    2 = text.
    """
    if len(section) < 9:
        return [], ""
    place, statements = 9, []
    for _ in range(section[8]):
        if place + 3 > len(section):
            break
        _, length = struct.unpack_from("<BH", section, place)
        value = section[place + 3 : place + 3 + length]
        if len(value) < length:
            number = 11 if coded else 8
            raise ReadError(path, f"section {number}: a statement is cut off", "it is damaged")
        if coded:
            value = value[1:]
        statements.append(" ".join(value.replace(b"\0", b" ").decode("latin-1").split()))
        place += 3 + length
    return [text for text in statements if text], _STATUS.get(section[0], "")
