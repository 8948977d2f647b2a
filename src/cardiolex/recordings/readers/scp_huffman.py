"""Huffman coding of SCP-ECG (EN 1064, section 2): the default table, and a file's own."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.errors import ReadError

DEFAULT_TABLE = 19999
"""Number of tables that stands for the default table."""
MOST_CODES = 512


@dataclass(frozen=True)
class Code:
    """`prefix` (of `bits` bits, first bit highest) stands for `value`, or for `literal` bits more.

    With `switch` the next code is of the table number `value` (counted from 1).
    """

    bits: int
    prefix: int
    value: int
    literal: int = 0
    switch: bool = False


def _default() -> tuple[Code, ...]:
    """0 for 0; n ones, a zero and a sign for +-n up to 8; escapes to 8 and 16 bits."""
    codes = [Code(1, 0, 0)]
    for n in range(1, 9):
        ones = ((1 << n) - 1) << 2
        codes += [Code(n + 2, ones, n), Code(n + 2, ones | 1, -n)]
    return (*codes, Code(10, 0b1111111110, 0, 8), Code(10, 0b1111111111, 0, 16))


Tables = tuple[tuple[Code, ...], ...]


def parse_tables(path: Path, section: bytes) -> Tables | None:
    """Return the tables of section 2; None without a section: samples are 16-bit integers."""
    if not section:
        return None
    (count,) = struct.unpack_from("<H", section.ljust(2, b"\0"))
    if count == DEFAULT_TABLE:
        return (_default(),)
    place, tables, total = 2, [], 0
    for number in range(count):
        if place + 2 > len(section):
            raise ReadError(path, f"section 2 states {count} Huffman tables, but is cut off")
        (codes,) = struct.unpack_from("<H", section, place)
        total += codes
        if not codes or total > MOST_CODES or place + 2 + 9 * codes > len(section):
            raise ReadError(path, f"Huffman table {number + 1} states {codes} codes")
        entries = (struct.unpack_from("<BBBhI", section, place + 2 + 9 * n) for n in range(codes))
        tables.append(tuple(_code(path, entry, count) for entry in entries))
        place += 2 + 9 * codes
    if not tables:
        raise ReadError(path, "section 2 holds no Huffman table")
    return tuple(tables)


def _code(path: Path, entry: tuple[int, ...], tables: int) -> Code:
    """Make a code of a table entry; the base code is stored with its first bit lowest."""
    prefix_bits, bits, mode, value, base = entry
    if prefix_bits > 32 or bits < prefix_bits or bits - prefix_bits > 32:
        raise ReadError(path, f"a Huffman code has {prefix_bits} of {bits} bits", "it is damaged")
    switch = mode == 0
    if bits == 0 or (switch and not 1 <= value <= tables):
        raise ReadError(path, f"a Huffman code leads to table {value} of {tables}")
    prefix = int(f"{base:032b}"[::-1][:prefix_bits] or "0", 2)
    return Code(prefix_bits, prefix, value, 0 if switch else bits - prefix_bits, switch)


def decode(path: Path, data: bytes, tables: Tables | None, most: int) -> NDArray[np.int64]:
    """Return up to `most` values that `data` codes, 16-bit integers without tables."""
    if tables is None:
        return np.frombuffer(data, "<i2", min(most, len(data) // 2)).astype(np.int64)
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    matchers = [_Matcher(bits, table) for table in tables]
    values: list[int] = []
    at, table, total = 0, 0, bits.size
    while at < total and len(values) < most:
        code = matchers[table].code_at(at)
        if code is None or at + code.bits + code.literal > total:
            break
        at += code.bits
        if code.switch:
            table = code.value - 1
            if code.bits == 0:
                raise ReadError(path, "a Huffman table leads on without a bit", "it is damaged")
        elif code.literal:
            values.append(_signed(bits[at : at + code.literal]))
            at += code.literal
        else:
            values.append(code.value)
    return np.array(values, np.int64)


class _Matcher:
    """Which code of one table begins at a bit; worked out for all bits at once, when asked."""

    def __init__(self, bits: NDArray[np.uint8], table: tuple[Code, ...]) -> None:
        self._bits = bits
        self._table = sorted(table, key=lambda code: code.bits)
        self._found: list[int] | None = None

    def code_at(self, at: int) -> Code | None:
        if self._found is None:
            self._found = self._match()
        index = self._found[at]
        return None if index < 0 else self._table[index]

    def _match(self) -> list[int]:
        width = self._table[-1].bits
        padded = np.concatenate([self._bits, np.zeros(width, np.uint8)]).astype(np.int64)
        size = self._bits.size
        window = np.zeros(size, np.int64)
        found = np.full(size, -1, np.int16)
        done = 0
        for index, code in enumerate(self._table):
            while done < code.bits:
                window = (window << 1) | padded[done : done + size]
                done += 1
            found[(window == code.prefix) & (found < 0)] = index
        listed: list[int] = found.tolist()
        return listed


def _signed(bits: NDArray[np.uint8]) -> int:
    """Return the two's complement value of bits, highest first."""
    value = int("".join(map(str, bits)), 2)
    return value - (1 << bits.size) if bits[0] else value
