"""What is compared: stores (each of their parts), truth tables, folders of recordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.leakage.signatures import signature
from cardiolex.evaluation.truth import read_truth
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import read_all
from cardiolex.recordings.recording import Recording

Progress = Callable[[int, int], None]
_NAMES = (  # file names of public data sets -> one name for all copies of a record
    (re.compile(r"0*(\d+)_[hl]r"), "PTB-XL {}"),
    (re.compile(r"HR0*(\d+)"), "PTB-XL {}"),
    (re.compile(r"A(\d{4})"), "CPSC2018 A{}"),
    (re.compile(r"Q(\d{4})"), "CPSC-Extra Q{}"),
    (re.compile(r"E(\d{5})"), "Georgia E{}"),
    (re.compile(r"JS(\d{5})"), "CSN JS{}"),
)


@dataclass(frozen=True)
class Item:
    """One recording of a side."""

    side: str
    file: str
    record: str | None  # the same for all copies of a public record; None = name tells nothing
    patient: str | None  # comparable within one data set only, which it names
    report: str | None
    signature: NDArray[np.float32] | None


def public_name(file: str) -> str | None:
    """One name for all copies of a record of a public data set, by its file's name."""
    stem = Path(file).stem
    for pattern, name in _NAMES:
        if match := pattern.fullmatch(stem):
            return name.format(match[1])
    return None


def items_of(
    path: Path, root: Path | None, progress: Progress, unreadable: list[tuple[str, str]]
) -> Iterator[Item]:
    """Yield the recordings of a store, of a truth table (below `root`) or of a folder."""
    if (path / "manifest.json").is_file():
        yield from _of_store(path, progress)
    elif path.suffix.lower() == ".csv":
        if root is None:
            raise CardiolexError(f"{path}: a truth table needs --root, where its records lie")
        yield from _of_truth(path, root, progress, unreadable)
    elif path.is_dir():
        for file, recording in read_all([path]):
            name = file.relative_to(path).as_posix()
            if isinstance(recording, Exception):
                unreadable.append((name, str(recording)))
            else:
                yield _item(path.name, name, recording, recording.patient, path.name)
    else:
        raise CardiolexError(f"{path}: is no store, no truth table (.csv) and no folder")


def _of_store(path: Path, progress: Progress) -> Iterator[Item]:
    store = Store(path)
    columns = store.table.column_names
    starts = store.table["start_s"].to_pylist()
    parts = store.table["split"].to_pylist() if "split" in columns else [None] * len(store)
    for row, (start, part) in enumerate(zip(starts, parts, strict=True)):
        progress(row + 1, len(store))
        if start > 0:
            continue
        example = store[row]
        length = int(example.sample_mask.sum())
        shown = np.flatnonzero(example.lead_mask)
        mv = example.ecg[shown, :length].astype(np.float32) * np.float32(example.gain)
        recording = Recording(mv, tuple(LEADS[n] for n in shown), store.preprocess.fs)
        side = f"{path.name}/{part}" if part else path.name
        file = store.table["source"][row].as_py() or example.id
        yield _item(side, file, recording, example.patient or None, path.name, example.report)


def _of_truth(
    path: Path, root: Path, progress: Progress, unreadable: list[tuple[str, str]]
) -> Iterator[Item]:
    table = read_truth(path, root)
    for row, (record, file) in enumerate(zip(table.records, table.paths(), strict=True)):
        progress(row + 1, len(table.records))
        for _, recording in read_all([file]):
            if isinstance(recording, Exception):
                unreadable.append((record, str(recording)))
                continue
            whose = table.patients[row] if table.patients is not None else recording.patient
            yield _item(path.stem, record, recording, whose, str(root))


def _item(
    side: str,
    file: str,
    recording: Recording,
    patient: str | None,
    data_set: str,
    report: str | None = None,
) -> Item:
    whose = f"{data_set}: {patient}" if patient else None
    return Item(
        side, file, public_name(file), whose, report or recording.report, signature(recording)
    )
