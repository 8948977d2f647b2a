"""The command that simulates recordings, into a store or as files."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cardiolex.cli.call_error import CallError
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError


def simulate(
    output: Path,
    /,
    *,
    count: int = 1000,
    format: Literal["store", "wfdb"] = "store",
    seed: int = 0,
    fs: float = 500.0,
    seconds: float = 10.0,
    mix: Literal["balanced", "population"] = "balanced",
    require: str | None = None,
    noise: bool = True,
    processes: int | None = None,
    engine: Literal["processes", "ray"] = "processes",
) -> int:
    """Simulate recordings with reports, labels and beats; a second call goes on.

    Parameters
    ----------
    output
        Folder of the store, or of the files.
    count
        Number of recordings.
    format
        store: arrays to train on; wfdb: files for any program, with annotated beats and waves,
        truth.csv for `evaluate` and reports.csv for `extract`.
    seed
        Same seed, same recordings.
    fs
        Sampling rate in Hz.
    seconds
        Length of each recording.
    mix
        "balanced" for training, or "population" for the frequencies of an archive.
    require
        A condition that every recording has.
    noise
        Whether electrodes, cables and cart disturb the recording.
    processes
        Number of processes; all cores if not given. The result is the same.
    engine
        "ray" works on the cluster in RAY_ADDRESS, for stores; all nodes must see the folder.
    """
    from cardiolex.datasets.on_ray import on_ray
    from cardiolex.datasets.simulated import simulate_to_store
    from cardiolex.datasets.simulated_files import simulate_to_wfdb
    from cardiolex.recordings.preprocess import Preprocess
    from cardiolex.simulation import CONDITIONS, Settings
    from cardiolex.workers import cores

    for option, number in (("--count", count), ("--processes", processes)):
        if number is not None and number < 1:
            raise CallError(f"{option} {number}: must be at least 1")
    if engine == "ray" and format == "wfdb":
        raise CallError("--engine ray simulates to stores; leave out --format wfdb")
    if require is not None:
        require = _simulated(require, CONDITIONS)
    try:
        settings = Settings(fs=fs, seconds=seconds, mix=mix, require=require, noise=noise)
    except CardiolexError as error:
        raise CallError(f"--{error}") from error
    with progress_bar("simulating") as progress:
        if format == "wfdb":
            simulate_to_wfdb(
                output,
                count,
                settings=settings,
                seed=seed,
                processes=processes or cores(),
                progress=progress,
            )
        else:
            simulate_to_store(
                output,
                count,
                preprocess=Preprocess(fs=fs, seconds=seconds, highpass_hz=None),
                settings=settings,
                seed=seed,
                processes=processes or cores(),
                engine=on_ray if engine == "ray" else None,
                progress=progress,
            )
    print(f"{count} recordings in {output}")
    return 0


def _simulated(wording: str, conditions: Sequence[str]) -> str:
    """Name among `conditions` that `wording` means; CallError with the nearest ones if none."""
    from cardiolex.reports.vocabulary import Vocabulary

    vocabulary = Vocabulary.load()
    name = wording if wording in conditions else vocabulary.resolve(wording)
    if name is not None and name in conditions:
        return name
    kinds = [c for c in conditions if name is not None and name in vocabulary.closure([c])]
    near = kinds[:6] or difflib.get_close_matches(wording.lower(), conditions, n=3, cutoff=0.4)
    raise CallError(
        f"--require {wording!r} is no condition that is simulated"
        + (f"; nearest: {', '.join(near)}" if near else "")
    )
