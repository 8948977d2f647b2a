"""MATLAB 5 files: numeric arrays, text and structs, nothing else.

Written from "MAT-File Format" (The MathWorks). SciPy's reader is not used on files from
strangers: a few changed bytes make it write outside its memory and end the process.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.recordings.readers.errors import MOST_VALUES, ReadError

_NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_TEXT = {1: "latin-1", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_STRUCT, _CHAR, _NUMERIC = 2, 4, range(6, 16)
_DEEPEST = 3
_MOST_UNPACKED = 1 << 30


class _Damaged(Exception):
    """A size or type that cannot be; turned into a ReadError at the top."""


@dataclass(frozen=True)
class _Bytes:
    """A stretch of the file and its byte order ("<" or ">")."""

    data: memoryview
    order: str

    def elements(self) -> Iterator[tuple[int, memoryview]]:
        """Yield type and content of each element in turn."""
        place = 0
        while place + 8 <= len(self.data):
            kind, size = struct.unpack_from(self.order + "II", self.data, place)
            if kind >> 16:  # a small element: type, size and data within eight bytes
                kind, size, start, after = kind & 0xFFFF, kind >> 16, place + 4, place + 8
            else:
                start = place + 8
                after = start + size + (0 if kind == _COMPRESSED else -size % 8)
            if start + size > len(self.data) or (start == place + 4 and size > 4):
                raise _Damaged("an element reaches beyond the end")
            yield kind, self.data[start : start + size]
            place = after


def read_mat5(path: Path) -> dict[str, Any]:
    """Return name -> array, text or dict (a 1 x 1 struct); other kinds of variable are skipped.

    ReadError if the file is damaged. Arrays keep their shape and stored number type.
    """
    content = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise ReadError(path, "is a damaged MATLAB file (no byte order)")
    variables: dict[str, Any] = {}
    try:
        for kind, data in _Bytes(memoryview(content)[128:], order).elements():
            if kind == _COMPRESSED:
                kind, data = next(_Bytes(_unpacked(data), order).elements())
            if kind == _MATRIX:
                name, value = _matrix(_Bytes(data, order), 0)
                variables[name] = value
    except (_Damaged, struct.error, zlib.error, StopIteration, ValueError, LookupError) as error:
        raise ReadError(path, f"is a damaged MATLAB file ({error or 'cut off'})") from error
    return {name: value for name, value in variables.items() if value is not None}


def _unpacked(data: memoryview) -> memoryview:
    stream = zlib.decompressobj()
    result = stream.decompress(data, _MOST_UNPACKED)
    if stream.unconsumed_tail:
        raise _Damaged("a variable unpacks beyond the bounds")
    return memoryview(result)


def _matrix(content: _Bytes, depth: int) -> tuple[str, Any]:
    """Return name and value of one matrix element; None for kinds that are not read."""
    elements = content.elements()
    _, flags = next(elements)
    kind = struct.unpack_from(content.order + "I", flags)[0] & 0xFF
    shape = tuple(_numbers(*next(elements), content.order).astype(np.int64).tolist())
    name = bytes(next(elements)[1]).decode("ascii", "replace")
    if kind in _NUMERIC:
        return name, _shaped(_numbers(*next(elements), content.order), shape)
    if kind == _CHAR:
        stored, data = next(elements, (2, memoryview(b"")))
        encoding = _TEXT[stored] + {"<": "-le", ">": "-be"}[content.order] * (stored in (4, 17, 18))
        return name, bytes(data).decode(encoding)
    if kind == _STRUCT and shape == (1, 1) and depth < _DEEPEST:
        return name, _fields(elements, content.order, depth)
    return name, None


def _fields(elements: Iterator[tuple[int, memoryview]], order: str, depth: int) -> dict[str, Any]:
    width = int(_numbers(*next(elements), order)[0])
    titles = bytes(next(elements)[1])
    if width < 1 or len(titles) > 64 * width:
        raise _Damaged("a struct has impossible field names")
    names = [titles[n : n + width].split(b"\0")[0] for n in range(0, len(titles), width)]
    return {
        name.decode("ascii", "replace"): _matrix(_Bytes(data, order), depth + 1)[1]
        for name, (_, data) in zip(names, elements, strict=False)
        if len(data)
    }


def _numbers(kind: int, data: memoryview, order: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(data, np.dtype(order + _NUMBERS[kind]))


def _shaped(values: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    count = float(np.prod(shape, dtype=float))
    if min(shape, default=0) < 0 or count != values.size or count > MOST_VALUES:
        raise _Damaged(f"an array of shape {shape} holds {values.size} values")
    return values.reshape(shape, order="F")
