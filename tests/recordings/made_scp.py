"""SCP-ECG records, encoded after EN 1064 as it is publicly known, by another route than the reader.

Where it is defined: EN 1064 / ISO 11073-91064, 5.2 (record and section heads, CRC-CCITT), 5.3
(pointers), 5.4 (tags of section 1), 5.5 (Huffman tables, base codes with the first bit lowest), 5.6
(leads), 5.7 (QRS locations, protected areas), 5.8 and 5.9 (reference beat and rhythm), 5.11 (text).
The default table is written out as strings of bits, as the standard prints it; the CRC is made bit
by bit.
"""

import struct
from itertools import pairwise

import numpy as np

DEFAULT_BITS = {
    0: "0",
    1: "100",
    -1: "101",
    2: "1100",
    -2: "1101",
    3: "11100",
    -3: "11101",
    4: "111100",
    -4: "111101",
    5: "1111100",
    -5: "1111101",
    6: "11111100",
    -6: "11111101",
    7: "111111100",
    -7: "111111101",
    8: "1111111100",
    -8: "1111111101",
}
CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8}
CODES |= {"III": 61, "aVR": 62, "aVL": 63, "aVF": 64}


def crc(data: bytes) -> int:
    """CRC-CCITT, polynomial 0x1021, from 0xFFFF, highest bit first."""
    register = 0xFFFF
    for byte in data:
        for bit in range(8):
            out = (register >> 15) ^ (byte >> (7 - bit) & 1)
            register = (register << 1) & 0xFFFF
            if out:
                register ^= 0x1021
    return register


def default_code(value: int) -> str:
    if value in DEFAULT_BITS:
        return DEFAULT_BITS[value]
    if -128 <= value < 128:
        return "1111111110" + format(value & 0xFF, "08b")
    return "1111111111" + format(value & 0xFFFF, "016b")


def pack(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 16)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def differences(counts: np.ndarray, order: int) -> list[int]:
    values = [int(v) for v in counts]
    if order == 0:
        return values
    if order == 1:
        return values[:1] + [b - a for a, b in pairwise(values)]
    second = [values[n] - 2 * values[n - 1] + values[n - 2] for n in range(2, len(values))]
    return values[:2] + second


def encode(counts: np.ndarray, order: int, huffman: bool = True, code=default_code) -> bytes:
    steps = differences(counts, order)
    if not huffman:
        return struct.pack(f"<{len(steps)}h", *steps)
    return pack("".join(code(step) for step in steps))


def section(number: int, data: bytes) -> bytes:
    data += b"\0" * (len(data) % 2)
    head = struct.pack("<HIBB", number, 16 + len(data), 20, 20) + (
        b"SCPECG" if number == 0 else b"\0" * 6
    )
    return struct.pack("<H", crc(head + data)) + head + data


def record(sections: dict[int, bytes]) -> bytes:
    """Frame data parts of sections; section 0 is made here."""
    numbers = sorted(set(range(12)) | set(sections))
    pointers, place, body = b"", 7 + 16 + 10 * len(numbers), b""
    for number in numbers:
        made = section(number, sections[number]) if number in sections else b""
        if number == 0:
            pointers += struct.pack("<HII", 0, 16 + 10 * len(numbers), 7)
            continue
        pointers += struct.pack("<HII", number, len(made), place if made else 0)
        place, body = place + len(made), body + made
    rest = section(0, pointers) + body
    sized = struct.pack("<I", 6 + len(rest)) + rest
    return struct.pack("<H", crc(sized)) + sized


def leads(names, first: int, last: int, flags: int = 0b100) -> bytes:
    head = bytes([len(names), flags | len(names) << 3 & 0xFF])
    return head + b"".join(struct.pack("<IIB", first, last, CODES[name]) for name in names)


def rhythm(rows: list[bytes], nanovolts=1000, micros=2000, order=2, bimodal=0) -> bytes:
    sizes = struct.pack(f"<{len(rows)}H", *map(len, rows))
    return struct.pack("<HHBB", nanovolts, micros, order, bimodal) + sizes + b"".join(rows)


def tag(number: int, value: bytes) -> bytes:
    return struct.pack("<BH", number, len(value)) + value


def person() -> bytes:
    device = struct.pack("<HHHBB", 1, 2, 3, 0, 255) + b"CART1\0" + bytes(21)
    device += bytes([4]) + b"1.0\0SN7\0sys\0scp\0Maker\0"
    fields = [
        tag(0, b"Surname\0"),
        tag(2, b"P-17\0"),
        tag(4, struct.pack("<HB", 61, 1)),
        tag(5, struct.pack("<HBB", 1959, 4, 1)),
        tag(8, b"\x02"),
        tag(13, b"chest pain\0"),
        tag(14, device),
        tag(25, struct.pack("<HBB", 2020, 5, 17)),
        tag(26, bytes([13, 14, 15])),
        tag(27, struct.pack("<H", 5)),
        tag(28, struct.pack("<H", 150)),
    ]
    return b"".join(fields) + tag(255, b"")


def statements(texts, status: int = 1) -> bytes:
    parts = [struct.pack("<BH", n + 1, len(t) + 1) + t + b"\0" for n, t in enumerate(texts)]
    return (
        bytes([status])
        + struct.pack("<HBBBBBB", 2020, 5, 17, 13, 20, 0, len(texts))
        + b"".join(parts)
    )


def scp(
    mv: np.ndarray, names, *, order: int = 2, huffman: bool = True, micros: int = 2000
) -> bytes:
    """A whole record of leads (L, T) in mV, one microvolt a count."""
    counts = np.round(mv * 1000).astype(int)
    sections = {
        1: person(),
        3: leads(names, 1, mv.shape[1]),
        6: rhythm([encode(row, order, huffman) for row in counts], order=order, micros=micros),
        8: statements([b"SINUS RHYTHM.", b"NORMAL ECG"]),
    }
    if huffman:
        sections[2] = struct.pack("<H", 19999)
    return record(sections)
