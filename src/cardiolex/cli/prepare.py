"""Commands that turn recordings into stores, and public data sets into truth tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from cardiolex.cli.batch import Failures
from cardiolex.cli.call_error import CallError
from cardiolex.cli.progress import progress_bar
from cardiolex.datasets.set_names import DataSet

SHOWN = 20
"""Failures printed; all of them stand in the store's failures.csv."""


def prepare_dataset(
    dataset: DataSet,
    source: Path,
    store: Path,
    /,
    *,
    fs: float = 500.0,
    seconds: float = 10.0,
    rate: int | None = None,
    labels: Path | None = None,
    face: Literal["strict", "published"] = "strict",
    processes: int | None = None,
    shard_index: int = 0,
    num_shards: int = 1,
    engine: Literal["processes", "ray"] = "processes",
) -> int:
    """Convert a public data set to a store, with its labels and parts; a second call goes on.

    Parameters
    ----------
    dataset
        Which one; `prepare folder` takes any other recordings.
    source
        Its folder, as downloaded.
    store
        Folder of the store to write.
    fs
        Sampling rate in the store, Hz.
    seconds
        Length of a window.
    rate
        Which copy of PTB-XL is read: 500 or 100 Hz.
    labels
        Output folder of `cardiolex extract`: its findings, joined by record id, are the labels.
    face
        "published" splits MIMIC-IV-ECG by record as MERL did; "strict" by patient.
    processes
        Number of processes; all cores if not given.
    shard_index
        Which part of the work this call does, from 0 (job arrays).
    num_shards
        Into how many parts the work is divided.
    engine
        "ray" works on the cluster in RAY_ADDRESS; all nodes must see both folders.
    """
    from cardiolex.datasets.on_ray import on_ray
    from cardiolex.datasets.preparing import FAILURES, prepare_set
    from cardiolex.recordings.preprocess import Preprocess
    from cardiolex.workers import cores

    if not 0 <= shard_index < num_shards or (processes is not None and processes < 1):
        raise CallError(
            f"--shard-index {shard_index} --num-shards {num_shards} --processes {processes}: the "
            "index goes from 0 to below the number of parts, processes from 1"
        )
    with progress_bar("preparing") as progress:
        prepared = prepare_set(
            dataset,
            source,
            store,
            preprocess=Preprocess(fs=fs, seconds=seconds),
            face=face,
            rate=rate,
            labels=labels,
            processes=processes or cores(),
            part=(shard_index, num_shards),
            engine=on_ray if engine == "ray" else None,
            progress=progress,
        )
    for note in prepared.notes:
        print(f"note: {note}", file=sys.stderr)
    if not prepared.finished:
        print(f"part {shard_index} of {num_shards} done; others are still at work on {store}")
        return 0
    print(f"{prepared.windows} windows of {prepared.recordings} recordings in {store}")
    if prepared.truths:
        names = ", ".join(path.name for path in prepared.truths)
        print(f"truth tables: {names} (evaluate them with --root {source})")
    for record, reason in prepared.failures[:SHOWN]:
        print(f"cardiolex: {record}: {reason}", file=sys.stderr)
    if prepared.failures:
        count = len(prepared.failures)
        print(f"cardiolex: {count} not used, listed in {store / FAILURES}", file=sys.stderr)
    return 1 if prepared.failures else 0


def prepare_folder(
    source: Path,
    store: Path,
    /,
    *,
    metadata: Path | None = None,
    labels: Path | None = None,
    fs: float = 500.0,
    seconds: float = 10.0,
    processes: int | None = None,
    shard_index: int = 0,
    num_shards: int = 1,
) -> int:
    """Convert every readable recording under a folder to a store; a second call goes on.

    Parameters
    ----------
    source
        Folder with recordings in any supported format.
    store
        Folder of the store to write.
    metadata
        CSV with one row per record: file or id, and patient, age, sex, report, labels as known.
        MIMIC-IV-ECG's machine_measurements.csv as it is.
    labels
        Output folder of `cardiolex extract`: its findings, joined by record id, are the labels.
    fs
        Sampling rate in the store, Hz.
    seconds
        Length of a window.
    processes
        Number of processes; all cores if not given.
    shard_index
        Which part of the work this call does, from 0.
    num_shards
        Into how many parts the work is divided.
    """
    from cardiolex.datasets.folder import prepare_folder as prepare
    from cardiolex.recordings.preprocess import Preprocess
    from cardiolex.workers import cores

    with progress_bar("preparing") as progress:
        prepared = prepare(
            source,
            store,
            preprocess=Preprocess(fs=fs, seconds=seconds),
            metadata=metadata,
            labels=labels,
            processes=processes or cores(),
            part=(shard_index, num_shards),
            progress=progress,
        )
    print(f"{prepared.windows} windows in {store}")
    if prepared.ignored_columns:
        print(f"columns not used: {', '.join(prepared.ignored_columns)}", file=sys.stderr)
    if prepared.unlabelled:
        print(
            f"cardiolex: {len(prepared.unlabelled)} recordings have no labels in {labels} "
            f"(first: {prepared.unlabelled[0]})",
            file=sys.stderr,
        )
    failures = Failures()
    for file, reason in prepared.failures:
        failures.add(source / file, reason)
    return 1 if failures.reasons else 0


def prepare_truth(
    split_set: Literal["ptbxl_super", "ptbxl_sub", "ptbxl_form", "ptbxl_rhythm", "cpsc2018", "csn"],
    source: Path,
    output: Path,
    /,
    *,
    rate: int = 500,
    face: Literal["strict", "published"] = "strict",
) -> int:
    """Write train.csv, val.csv and test.csv of a downstream set, for `cardiolex evaluate`.

    Paths in the tables start at SOURCE: give it to `evaluate` as --root. Records that are not in
    the folder are counted and left out (exit 1).

    Parameters
    ----------
    split_set
        Which of the six sets.
    source
        Folder of PTB-XL, CPSC2018 or Chapman-Shaoxing-Ningbo, as downloaded.
    output
        Folder for the three tables.
    rate
        Which copy of PTB-XL: 500 or 100 Hz.
    face
        "published" has CSN's labels as the papers' code read them.
    """
    from cardiolex.datasets.split_files import write_truth_tables

    absent = 0
    for split, (found, missing) in write_truth_tables(
        split_set, source, output, rate=rate, face=face
    ).items():
        absent += missing
        print(f"{output / split}.csv: {found} records" + (f", {missing} absent" * bool(missing)))
    if absent:
        print(f"cardiolex: {absent} records are not in {source}", file=sys.stderr)
    return 1 if absent else 0
