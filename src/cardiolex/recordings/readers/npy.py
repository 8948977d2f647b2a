"""NumPy arrays: .npy, and .npz which may name rate, leads and unit itself. Never pickles."""

import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.arrays import from_array
from cardiolex.recordings.readers.errors import MOST_BYTES, MOST_VALUES, ReadError, bounded_size
from cardiolex.recordings.readers.stated import Stated, read_sidecar
from cardiolex.recordings.recording import Recording

_SIGNAL = ("mv", "ecg", "signal", "data")


def read_npy(path: Path, facts: Stated) -> Recording:
    """Read (L, T) or (T, L) numbers; the sidecar or the caller names rate, leads and unit."""
    bounded_size(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise ReadError(path, f"is a damaged or unsafe .npy file ({error})") from error
    return from_array(path, array, facts.over(read_sidecar(path)))


def read_npz(path: Path, facts: Stated) -> Recording:
    """Read an archive with one signal (mv, ecg, signal or data) and optional fs, leads, unit…

    A signal called `mv` is in millivolts unless something else is stated.
    """
    bounded_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [i.filename for i in archive.infolist() if i.filename.endswith(".npy")]
            arrays = {name[:-4]: _member(path, archive, name) for name in members[:100]}
    except ReadError:
        raise
    except Exception as error:
        raise ReadError(path, f"is a damaged or unsafe .npz file ({error})") from error
    if not arrays:
        raise ReadError(path, "is a ZIP archive without arrays", "unpack it and read what it holds")
    signals = [name for name in _SIGNAL if name in arrays]
    if len(signals) != 1:
        raise ReadError(path, f"holds {sorted(arrays)}", f"one of {_SIGNAL} must be the signal")
    own = _own_facts(path, arrays)
    if signals == ["mv"]:
        own = own.over(Stated(unit="mV"))
    return from_array(path, arrays[signals[0]], facts.over(read_sidecar(path)).over(own))


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """Load one array after checking that its stated shape is what the archive holds."""
    size = archive.getinfo(name).file_size
    if size > MOST_BYTES:
        raise ReadError(path, f"{name} unpacks to {size >> 20} MiB, beyond the bounds")
    with archive.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(stream)
    values = float(np.prod(shape, dtype=float))
    if values > MOST_VALUES or values * dtype.itemsize > size:
        raise ReadError(path, f"{name} states {shape} values, more than it holds")
    with archive.open(name) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _own_facts(path: Path, arrays: dict[str, NDArray[Any]]) -> Stated:
    facts: dict[str, Any] = {}
    for name in {f.name for f in fields(Stated)} & set(arrays):
        value = arrays[name].tolist()
        if name in ("leads", "labels", "derived"):
            facts[name] = tuple(str(item) for item in np.atleast_1d(arrays[name]))
        elif name in ("fs", "gain", "baseline", "age"):
            facts[name] = _numbers(path, name, value)
        else:
            facts[name] = str(value)
    return Stated(**facts)


def _numbers(path: Path, name: str, value: Any) -> float | tuple[float, ...]:
    try:
        if isinstance(value, list):
            numbers = tuple(float(number) for number in value)
            return numbers[0] if len(numbers) == 1 else numbers
        return float(value)
    except (TypeError, ValueError):
        raise ReadError(path, f"{name} is {value!r}, not a number") from None
