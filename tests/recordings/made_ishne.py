"""ISHNE Holter files, packed field by field: magic, CRC, fixed block of 512 bytes, variable block,
samples of all leads interleaved.

Defined in Badilini, "The ISHNE Holter Standard Output File Format", Ann Noninvasive Electrocardiol
1998;3:263.
"""

import struct

import numpy as np

from .made_scp import crc

LEADS = {"I": 5, "II": 6, "III": 7, "aVR": 8, "aVL": 9, "aVF": 10, "V1": 11, "V2": 12, "V3": 13}
LEADS |= {"V4": 14, "V5": 15, "V6": 16, "bipolar": 1, "X": 2}


def ishne(
    mv: np.ndarray, names, *, fs: int = 500, nanovolts: int = 1000, block: bytes = b"", total=None
) -> bytes:
    """Return a file of (L, T) millivolts."""
    counts = np.round(mv * 1e6 / nanovolts).astype("<i2")
    n = len(names)
    twelve = lambda some: struct.pack("<12h", *some, *[-9] * (12 - len(some)))  # noqa: E731
    head = struct.pack("<iiii", len(block), total or mv.shape[1], 522, 522 + len(block))
    head += struct.pack("<h", 1) + b"First".ljust(40, b"\0") + b"Last".ljust(40, b"\0")
    head += b"H-0042".ljust(20, b"\0") + struct.pack("<hh", 1, 0)
    head += struct.pack("<3h3h3h3h", 2, 3, 1950, 17, 5, 2020, 18, 5, 2020, 8, 30, 0)
    head += struct.pack("<h", n) + twelve([LEADS[name] for name in names])
    head += twelve([1] * n) + twelve([nanovolts] * n) + struct.pack("<h", 3)
    head += b"digital".ljust(40, b"\0") + struct.pack("<h", fs)
    head += bytes(80) + b"copyright".ljust(80, b"\0") + bytes(88)
    assert len(head) == 512
    return b"ISHNE1.0" + struct.pack("<H", crc(head + block)) + head + block + counts.T.tobytes()
