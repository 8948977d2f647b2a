"""Which format a file has, by its content; extensions are not trusted."""

import re
import struct
from pathlib import Path
from typing import Literal

from cardiolex.recordings.readers.apple import parse_apple_head
from cardiolex.recordings.readers.errors import ReadError, bounded_size
from cardiolex.recordings.readers.scp_sections import looks_like_scp
from cardiolex.recordings.readers.table import parse_head
from cardiolex.recordings.readers.wfdb_header import looks_like_header, parse_header

Format = Literal[
    "WFDB",
    "MATLAB",
    "HDF5",
    "NPY",
    "NPZ",
    "table",
    "DICOM",
    "EDF",
    "BDF",
    "aECG",
    "MUSE",
    "Philips",
    "SCP-ECG",
    "ISHNE",
    "Apple",
]
_LOOK = 65536
MOST_HOLTER = 1 << 40
"""Largest file that is looked at; readers that load a file whole have lower bounds."""
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x93NUMPY", "NPY"),
    (b"PK\x03\x04", "NPZ"),
    (b"MATLAB 5.0", "MATLAB"),
    (b"ISHNE1.0", "ISHNE"),
    (b"0       ", "EDF"),
    (b"\xffBIOSEMI", "BDF"),
)
_ROOTS: dict[str, Format] = {
    "AnnotatedECG": "aECG",
    "RestingECG": "MUSE",
    "restingecgdata": "Philips",
}
_FOREIGN = (
    (b"MATLAB 7.3", "is a MATLAB 7.3 file", "save it with -v7 in MATLAB"),
    (b"ANN  1.0", "holds the beats of an ISHNE Holter recording", "name the file of its ECG"),
    (b"%PDF", "is a PDF", "a picture of an ECG cannot be read"),
    (b"\x89PNG", "is a picture", "a picture of an ECG cannot be read"),
    (b"\xff\xd8\xff", "is a picture", "a picture of an ECG cannot be read"),
)
SUPPORTED = (
    "readable are WFDB, DICOM, EDF, BDF, HL7 aECG, GE MUSE XML, Philips XML, SCP-ECG, ISHNE, "
    "Apple Health CSV, MATLAB (CPSC2018, ECG-FM), HDF5 (SPH, CODE-15%), CSV/TSV, NPY, NPZ"
)


def header_of(path: Path) -> Path | None:
    """Return the WFDB header beside a signal file that names it, or None."""
    header = path.with_suffix(".hea")
    if header == path or not header.is_file():
        return None
    try:
        parsed = parse_header(header)
    except ReadError:
        return header if path.suffix.lower() == ".dat" else None
    named = {signal.file for signal in parsed.signals}
    return header if path.name in named else None


def find_format(path: Path) -> Format:
    """Return the format of `path` from its first bytes; ReadError for what cannot be read."""
    bounded_size(path, MOST_HOLTER)
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if not start.startswith(b"ISHNE1.0"):
        bounded_size(path)
    for magic, form in _MAGIC:
        if start.startswith(magic):
            return form
    if start[128:132] == b"DICM":
        return "DICOM"
    if looks_like_scp(path, start):
        return "SCP-ECG"
    if _is_matlab4(start):
        return "MATLAB"
    for magic, what, remedy in _FOREIGN:
        if start.startswith(magic):
            raise ReadError(path, what, remedy)
    root = _root(start)
    if root is not None:
        return _xml_format(path, root)
    return _text_format(path, start)


def _root(start: bytes) -> str | None:
    """Return the name of the first element if `start` is XML (in UTF-8 or UTF-16), else None."""
    wide = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = start.decode("utf-16" if wide else "utf-8-sig", errors="replace").lstrip()
    if not text.startswith("<"):
        return None
    element = re.search(
        r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", re.sub(r"<!--.*?-->", "", text, flags=re.S)
    )
    return element[1] if element else ""


def _xml_format(path: Path, root: str) -> Format:
    if root not in _ROOTS:
        known = (
            "HL7 aECG (AnnotatedECG), GE MUSE (RestingECG) and Philips (restingecgdata) are read"
        )
        raise ReadError(path, f"is XML with the root {root!r}, no known ECG", known)
    return _ROOTS[root]


def _is_matlab4(start: bytes) -> bool:
    """Recognise the 20-byte head of a MATLAB 4 matrix, which has no magic number."""
    if len(start) < 20:
        return False
    kind, rows, columns, imaginary, name = struct.unpack("<5i", start[:20])
    machine, zero, precision, shape = kind // 1000, kind // 100 % 10, kind // 10 % 10, kind % 10
    plausible = 0 <= machine <= 4 and zero == 0 and precision <= 5 and shape <= 2
    return bool(
        0 <= kind < 5000
        and plausible
        and imaginary in (0, 1)
        and 1 < name <= 64
        and min(rows, columns) >= 1
        and start[20 : 19 + name].decode("latin-1").isidentifier()
    )


def _text_format(path: Path, start: bytes) -> Format:
    if b"\0" in start:
        beside = (
            f"its header {path.stem}.hea is not beside it, and " if path.suffix == ".dat" else ""
        )
        raise ReadError(path, f"{beside}the content is no known format", SUPPORTED)
    text = start.decode("utf-8-sig", errors="replace")
    if parse_apple_head(text) is not None:
        return "Apple"
    if path.suffix.lower() == ".hea" or (looks_like_header(text) and parse_head(text) is None):
        return "WFDB"
    if parse_head(text) is not None:
        return "table"
    if "," in text or "\t" in text or ";" in text:
        raise ReadError(path, "no column is named after a lead", "name the columns I, II, V1 …")
    raise ReadError(path, "the content is no known format", SUPPORTED)
