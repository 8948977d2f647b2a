"""Samples of one WFDB segment: format 16 directly, every other format through wfdb."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.errors import (
    ReadError,
    bounded_shape,
    bounded_size,
    inside_folder,
)
from cardiolex.recordings.readers.wfdb_header import DEFAULT_GAIN, Header, Signal

MISSING_16 = -32768
"""The count that marks a missing sample in format 16 (signal(5))."""

_BITS = {8: 8, 16: 16, 24: 24, 32: 32, 61: 16, 80: 8, 160: 16, 212: 12, 310: 32 / 3, 311: 32 / 3}
_COMPRESSED = (508, 516, 524)


def read_signals(header: Header, keep_truncated: bool) -> tuple[NDArray[np.float64], int]:
    """Return (C, T) in physical units, NaN where missing, and the samples stated but not there.

    Every signal file must lie in the folder of the header and be as long as the header says;
    with `keep_truncated` a shorter file of format 16 gives the samples it has.
    """
    for signal in header.signals:
        if signal.fmt not in _BITS and signal.fmt not in _COMPRESSED:
            raise ReadError(header.path, f"signal {signal.name!r} has unknown format {signal.fmt}")
    samples = _stated_or_found(header)
    bounded_shape(header.path, len(header.signals), samples)
    held = _samples_held(header, samples)
    if held < samples and not (keep_truncated and held > 0 and _is_plain(header)):
        raise ReadError(
            header.path,
            f"states {samples} samples, but its signal file holds {held}",
            "the file is cut off: fetch it again",
        )
    values = _read_plain(header, held) if _is_plain(header) else read_with_wfdb(header, samples)
    return values, samples - held


def _is_plain(header: Header) -> bool:
    return all(s.fmt == 16 and s.samples_per_frame == 1 and s.skew == 0 for s in header.signals)


def _files(header: Header) -> dict[str, list[Signal]]:
    files: dict[str, list[Signal]] = {}
    for signal in header.signals:
        files.setdefault(signal.file, []).append(signal)
    return files


def _path(header: Header, name: str) -> Path:
    path = inside_folder(header.path.parent, name, header.path)
    if not path.exists():
        raise ReadError(
            header.path, f"names the file {name!r}, which is not there", "put it beside"
        )
    return path


def _frame_bits(signals: list[Signal]) -> float:
    return float(sum(_BITS[s.fmt] * s.samples_per_frame for s in signals))


def _stated_or_found(header: Header) -> int:
    """Return the stated number of samples, or what the first file can hold."""
    if header.samples is not None:
        return header.samples
    name, signals = next(iter(_files(header).items()))
    if signals[0].fmt in _COMPRESSED:
        raise ReadError(header.path, "states no number of samples", "write it in the record line")
    size = bounded_size(_path(header, name)) - signals[0].offset
    return max(0, int(size * 8 // _frame_bits(signals)))


def _samples_held(header: Header, samples: int) -> int:
    """Return how many of the stated samples the signal files hold."""
    held = samples
    for name, signals in _files(header).items():
        size = bounded_size(_path(header, name))
        if signals[0].fmt not in _COMPRESSED:
            bits = max(0, size - signals[0].offset) * 8
            held = min(held, int(bits // _frame_bits(signals)))
    return held


def _read_plain(header: Header, samples: int) -> NDArray[np.float64]:
    rows: dict[str, NDArray[np.int16]] = {}
    for name, signals in _files(header).items():
        counts = np.fromfile(
            _path(header, name), "<i2", samples * len(signals), offset=signals[0].offset
        )
        rows[name] = counts.reshape(samples, len(signals)).T
    position = {name: iter(counts) for name, counts in rows.items()}
    counts = np.array([next(position[s.file]) for s in header.signals])
    gain = np.array([s.gain or DEFAULT_GAIN for s in header.signals])
    baseline = np.array([s.baseline for s in header.signals])
    values = (counts - baseline[:, None]) / gain[:, None]
    missing = counts == MISSING_16
    if missing.any():
        values[missing] = np.nan
    return np.asarray(values, np.float64)


def read_with_wfdb(header: Header, samples: int) -> NDArray[np.float64]:
    """Read (C, T) with the wfdb package, through a clean header in a folder of our own.

    The clean header has a plain record name and links to the checked files, so neither odd
    record lines nor odd names reach wfdb. Frames of several samples are averaged.
    """
    import wfdb

    names = {name: f"f{n}.dat" for n, name in enumerate(_files(header))}
    with tempfile.TemporaryDirectory() as folder:
        for name, link in names.items():
            (Path(folder) / link).symlink_to(_path(header, name).resolve())
        lines = [f"r {len(header.signals)} {header.fs:.12g} {samples}"]
        for s in header.signals:
            layout = f"{s.fmt}x{s.samples_per_frame}:{s.skew}+{s.offset}"
            gain = f"{s.gain or DEFAULT_GAIN:.17g}({round(s.baseline)})/mV"
            lines.append(f"{names[s.file]} {layout} {gain} 0 {s.adc_zero} 0 0 0 x")
        (Path(folder) / "r.hea").write_text("\n".join(lines) + "\n")
        try:
            record = wfdb.rdrecord(str(Path(folder) / "r"))
        except Exception as error:
            raise ReadError(header.path, f"its signal file cannot be decoded ({error})") from error
    return np.asarray(record.p_signal, np.float64).T
