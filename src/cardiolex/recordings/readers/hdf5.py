"""HDF5: one recording per file (SPH) or many exams per file (CODE-15%)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.recordings.readers.arrays import from_array, twelve_leads
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.recording import Recording

CODE15_FS = 400.0
SPH_FS = 500.0


def count_exams(path: Path) -> int:
    """Return how many recordings the file holds: N of a CODE-15% part, else 1."""
    with _opened(path) as datasets:
        return int(datasets["tracings"].shape[0]) if "tracings" in datasets else 1


def exam_rows(path: Path) -> dict[int, int]:
    """Return exam id -> row of a CODE-15% part; ReadError if it is none."""
    with _opened(path) as datasets:
        if not {"tracings", "exam_id"} <= set(datasets):
            raise ReadError(path, f"holds {sorted(datasets)}", "a CODE-15% part holds tracings")
        return {int(exam): row for row, exam in enumerate(datasets["exam_id"][()])}


def read_hdf5(path: Path, facts: Stated, index: int | None, exam: int | None) -> Recording:
    """Read a recording from HDF5.

    CODE-15% parts hold `exam_id` (N,) and `tracings` (N, T, 12) at 400 Hz in an unstated unit,
    padded with zeros at both ends (cut off here, with a note): choose by row `index` or by `exam`
    id. Else the file must hold one table of numbers: float16 `ecg` (12, T) is SPH, in millivolts
    at 500 Hz; for any other, rate and leads must be stated.
    """
    with _opened(path) as datasets:
        if "tracings" in datasets:
            facts.refuse(path, "CODE-15% files are I … V6 at 400 Hz", "fs", "leads")
            return _code15(path, datasets, facts, index, exam)
        if exam is not None or index not in (None, 0):
            raise ReadError(path, "holds one recording", "leave out index and exam")
        tables = {name: data for name, data in datasets.items() if len(data.shape) == 2}
        if len(tables) != 1:
            raise ReadError(
                path, f"holds {sorted(datasets)}", "one table (leads, samples) is expected"
            )
        ((name, data),) = tables.items()
        bounded_shape(path, *sorted(data.shape))
        array = data[()]
    unnamed = facts.leads is None
    if name == "ecg" and array.dtype == np.float16 and unnamed and 12 in array.shape:
        layout = "SPH files are I … V6 in mV at 500 Hz; for another kind of file state leads too"
        facts.refuse(path, layout, "fs", "unit")
        return twelve_leads(path, array, SPH_FS, "mV", "SPH", id=path.stem)
    return from_array(path, array, facts)


@contextmanager
def _opened(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the numeric datasets at the root; links out of the file are refused."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            names = list(file)[:1000]
            datasets = {n: file[n] for n in names if _is_own(path, file, n, h5py)}
            yield {n: d for n, d in datasets.items() if d.dtype.kind in "fiu"}
    except (OSError, RuntimeError, KeyError) as error:
        raise ReadError(path, f"is a damaged HDF5 file ({error})") from error


def _is_own(path: Path, file: Any, name: str, h5py: Any) -> bool:
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise ReadError(path, f"{name!r} is a link", "data must lie in the file itself")
    item = file[name]
    if not isinstance(item, h5py.Dataset):
        return False
    if item.external or item.is_virtual:
        raise ReadError(path, f"{name!r} takes data from other files", "copy them into the file")
    return True


def _code15(
    path: Path, datasets: dict[str, Any], facts: Stated, index: int | None, exam: int | None
) -> Recording:
    tracings, exams = datasets["tracings"], datasets.get("exam_id")
    if len(tracings.shape) != 3 or tracings.shape[2] != 12:
        raise ReadError(path, f"tracings are {tracings.shape}, not (N, samples, 12)")
    bounded_shape(path, *tracings.shape[:0:-1])
    row = _row(path, tracings.shape[0], exams, index, exam)
    values = np.asarray(tracings[row])  # (T, 12)
    used = np.flatnonzero((values != 0).any(axis=1))
    if not used.size:
        raise ReadError(path, f"recording {row} is zero throughout", "nothing was recorded")
    first, last = int(used[0]), int(used[-1]) + 1
    cut = first + len(values) - last
    notes = (f"{cut} samples of zero padding at the ends were cut off",) if cut else ()
    name = str(exams[row]) if exams is not None else f"{path.stem}-{row}"
    return twelve_leads(
        path, values[first:last].T, CODE15_FS, facts.unit, "CODE-15%", id=name, notes=notes
    )


def _row(path: Path, count: int, exams: Any, index: int | None, exam: int | None) -> int:
    if exam is not None:
        rows = np.flatnonzero(exams is not None and exams[()] == exam)
        if len(rows) != 1:
            raise ReadError(path, f"holds exam {exam} {len(rows)} times")
        return int(rows[0])
    if index is None and count != 1:
        raise ReadError(path, f"holds {count} recordings", "choose one with index= or exam=")
    row = index or 0
    if not 0 <= row < count:
        raise ReadError(path, f"has no recording {row}", f"index goes from 0 to {count - 1}")
    return row
