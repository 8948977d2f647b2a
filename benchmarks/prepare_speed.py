"""Recordings prepared per processor second, against reading and writing them with wfdb one by one.

Processor time of the process, so that other load on the machine does not count; both take turns in
one run. `cardiolex prepare` filters the signal as well, which the other side does not.
"""

import argparse
import os
import resource
import shutil
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import Figure, main

from cardiolex.datasets.preparing import prepare_set
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.readers import read
from cardiolex.recordings.samples import sample_paths
from cardiolex.workers import cores


def write_records(folder: Path, count: int) -> None:
    """Recordings in the form of the CinC challenges, made of a bundled one with noise."""
    folder.mkdir()
    path = next(p for p in sample_paths() if p.suffix == ".hea" and p.with_suffix(".mat").exists())
    recording = read(path)
    mv = recording.mv[:, :5000]
    rng = np.random.default_rng(0)
    for number in range(count):
        name = f"E{number:05d}"
        counts = np.rint((mv + rng.normal(0, 0.01, mv.shape)) * 1000).astype("<i2")
        head = struct.pack("<5i", 30, 12, counts.shape[1], 0, 4) + b"val\0"
        (folder / f"{name}.mat").write_bytes(head + counts.T.tobytes())
        lines = [f"{name} 12 500 {counts.shape[1]}"]
        lines += [f"{name}.mat 16+24 1000/mV 16 0 0 0 0 {lead}" for lead in recording.leads]
        (folder / f"{name}.hea").write_text("\n".join([*lines, "#Dx: 426783006"]) + "\n")


def with_wfdb(source: Path, target: Path) -> None:
    """Read and write every record with the wfdb package."""
    import wfdb

    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for header in sorted(source.glob("*.hea")):
        record = wfdb.rdrecord(str(header.with_suffix("")), physical=False)
        wfdb.wrsamp(
            header.stem,
            fs=record.fs,
            units=record.units,
            sig_name=record.sig_name,
            d_signal=record.d_signal,
            fmt=["16"] * record.n_sig,
            adc_gain=record.adc_gain,
            baseline=record.baseline,
            write_dir=str(target),
        )


def with_cardiolex(source: Path, store: Path, processes: int = 1, highpass: bool = True) -> None:
    """Prepare every record to a store."""
    shutil.rmtree(store, ignore_errors=True)
    preprocess = Preprocess(highpass_hz=0.5 if highpass else None)
    prepare_set("georgia", source, store, preprocess=preprocess, shard_size=64, processes=processes)


def processor_seconds(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Smallest processor time of each work in this process, taken in turn."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
    return best


def grown(source: Path, folder: Path) -> float:
    """How much more memory a child process needs at its peak for this folder, in MiB."""
    peak = folder / "peak"
    if os.fork() == 0:  # of its own, so that its peak is its own
        with_cardiolex(source, folder / "store")
        peak.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
        os._exit(0)
    os.wait()
    return float(peak.read_text())


def measure(options: argparse.Namespace) -> list[Figure]:
    """Compare on the same records, and see whether memory grows with their number."""
    count = 64 if options.quick else 256
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_records(folder / "few", count)
        write_records(folder / "many", 4 * count)
        few = folder / "few"
        with_cardiolex(few, folder / "store")  # imports and caches
        taken = processor_seconds(
            {
                "wfdb": lambda: with_wfdb(few, folder / "written"),
                "cardiolex": lambda: with_cardiolex(few, folder / "store"),
                "no filter": lambda: with_cardiolex(few, folder / "store", highpass=False),
            },
            rounds=2 if options.quick else 3,
        )
        memory = [grown(folder / size, folder) for size in ("few", "many")]
    rate = {name: count / seconds for name, seconds in taken.items()}
    ratio, plain = rate["cardiolex"] / rate["wfdb"], rate["no filter"] / rate["wfdb"]
    unit = "recordings/s of one core"
    return [
        Figure("prepare", "wfdb package: read and write", rate["wfdb"], unit),
        Figure("prepare", "cardiolex, no filter", rate["no filter"], unit, f"{plain:.1f} times"),
        Figure(
            "prepare",
            "cardiolex, high-pass filtered",
            rate["cardiolex"],
            unit,
            f"{ratio:.1f} times wfdb on one core; {ratio * cores():.1f} times on {cores()}",
        ),
        Figure("prepare", f"peak memory, {count} recordings", memory[0], "MiB"),
        Figure("prepare", f"peak memory, {4 * count} recordings", memory[1], "MiB"),
    ]


if __name__ == "__main__":
    main(measure)
