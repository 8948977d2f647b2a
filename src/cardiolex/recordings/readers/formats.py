"""Which format a file has, by its content; extensions are not trusted."""

import struct
from pathlib import Path
from typing import Literal

from cardiolex.recordings.readers.errors import ReadError, bounded_size
from cardiolex.recordings.readers.table import parse_head
from cardiolex.recordings.readers.wfdb_header import looks_like_header, parse_header

Format = Literal["WFDB", "MATLAB", "HDF5", "NPY", "NPZ", "table"]
_LOOK = 65536
_FOREIGN = (
    (b"MATLAB 7.3", "is a MATLAB 7.3 file", "save it with -v7 in MATLAB"),
    (b"<?xml", "is XML", "export it as WFDB, CSV or NumPy"),
    (b"0       ", "is EDF", "convert it to WFDB (edf2mit) or CSV"),
    (b"\xffBIOSEMI", "is BDF", "convert it to WFDB or CSV"),
    (b"%PDF", "is a PDF", "a picture of an ECG cannot be read"),
    (b"\x89PNG", "is a picture", "a picture of an ECG cannot be read"),
    (b"\xff\xd8\xff", "is a picture", "a picture of an ECG cannot be read"),
)
SUPPORTED = "readable are WFDB, MATLAB (CPSC2018, ECG-FM), HDF5 (SPH, CODE-15%), CSV/TSV, NPY, NPZ"


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
    bounded_size(path)
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "HDF5"
    if start.startswith(b"\x93NUMPY"):
        return "NPY"
    if start.startswith(b"PK\x03\x04"):
        return "NPZ"
    if start.startswith(b"MATLAB 5.0") or _is_matlab4(start):
        return "MATLAB"
    for magic, what, remedy in _FOREIGN:
        if start.lstrip(b"\xef\xbb\xbf").startswith(magic):
            raise ReadError(path, what, remedy)
    if start[128:132] == b"DICM":
        raise ReadError(path, "is DICOM", "export it as WFDB, CSV or NumPy")
    return _text_format(path, start)


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
    if path.suffix.lower() == ".hea" or (looks_like_header(text) and parse_head(text) is None):
        return "WFDB"
    if parse_head(text) is not None:
        return "table"
    if "," in text or "\t" in text or ";" in text:
        raise ReadError(path, "no column is named after a lead", "name the columns I, II, V1 …")
    raise ReadError(path, "the content is no known format", SUPPORTED)
