"""Simulated recordings as files that other programs read: WFDB with annotations, and two tables.

A recording is a header (age, sex, labels, report), a signal file of 16 bits and an annotation file
`.atr` with every beat and the limits of its waves. `truth.csv` says of each record and condition
whether it is there (1, 0, or nothing where it was left open), `reports.csv` what was reported.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.datasets.simulated import simulated_row
from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_folder, atomic_write, write_text
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.writers import write_recording
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import CONDITIONS, SimulatedECG
from cardiolex.simulation.settings import Settings
from cardiolex.simulation.truth import Beats
from cardiolex.workers import finished, worker_pool

SYMBOLS = {
    "normal": "N",
    "pac": "A",
    "pac aberrant": "a",
    "pjc": "J",
    "pvc": "V",
    "pvc2": "V",
    "vt": "V",
    "escape": "j",
    "ventricular escape": "E",
    "paced": "/",
    "fusion": "F",
}
"""Kind of beat -> its WFDB annotation code; any other kind is "Q", a beat not classified."""
P, QRS, T = 0, 1, 2
"""What the `num` field of a "(" and a ")" says: whose beginning and end they are."""
PART = 64
"""Recordings that a process makes at a time; a kill costs the parts in work."""
SOURCE, TRUTH, REPORTS = "source.json", "truth.csv", "reports.csv"


@dataclass(frozen=True)
class SimulatedFiles:
    """What is to be simulated into which folder."""

    folder: Path
    count: int
    settings: Settings
    seed: int = 0

    def source(self) -> str:
        """JSON that names the recordings; a folder begun with another one is refused."""
        facts = {"seed": self.seed, "count": self.count, "settings": asdict(self.settings)}
        return json.dumps({"simulated": facts}, indent=1) + "\n"


def simulate_to_wfdb(
    folder: str | Path,
    count: int,
    *,
    settings: Settings | None = None,
    seed: int = 0,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write `count` simulated recordings to `folder`; call again after a kill to go on.

    CardiolexError if the folder was begun with other settings.
    """
    job = SimulatedFiles(Path(folder), count, settings or Settings(), seed)
    _claim(job)
    parts = range(-(-count // PART))
    if not (job.folder / TRUTH).is_file():
        todo = [number for number in parts if not _marker(job, number).is_file()]
        for done, _ in enumerate(_work(job, todo, processes), 1):
            if progress is not None:
                progress(len(parts) - len(todo) + done, len(parts))
        _write_tables(job, parts)
    for number in parts:
        _marker(job, number).unlink(missing_ok=True)


def _claim(job: SimulatedFiles) -> None:
    path = job.folder / SOURCE
    if path.is_file() and path.read_text(encoding="utf-8") != job.source():
        raise CardiolexError(
            f"{job.folder}: was begun with other settings (see {SOURCE}); "
            "choose another folder or delete this one"
        )
    write_text(path, job.source())


def _work(job: SimulatedFiles, todo: Sequence[int], processes: int) -> Iterator[int]:
    if processes <= 1 or len(todo) <= 1:
        yield from (_write_part(job, number) for number in todo)
        return
    with worker_pool(min(processes, len(todo)), _remember, job) as pool:
        yield from finished(pool, _write_remembered, todo, len(todo) + 1)


_job: dict[str, SimulatedFiles] = {}


def _remember(job: SimulatedFiles) -> None:
    _job["files"] = job


def _write_remembered(number: int) -> int:
    return _write_part(_job["files"], number)


def _write_part(job: SimulatedFiles, number: int) -> int:
    """Write the recordings of one part and, last, what the tables say of them."""
    vocabulary = Vocabulary.load()
    settings = job.settings
    window = Preprocess(fs=settings.fs, seconds=settings.seconds, highpass_hz=None)
    rows = []
    for index in range(number * PART, min((number + 1) * PART, job.count)):
        _, simulated = simulated_row(index, job.seed, settings, window)
        recording = simulated.recording
        header = write_recording(recording, job.folder, "wfdb", overwrite=True)
        write_beats(simulated.beats, header, recording.fs, recording.mv.shape[1])
        rows.append([header.name, recording.report or "", *_truth(simulated, vocabulary)])
    write_text(_marker(job, number), json.dumps(rows))
    return number


def _truth(simulated: SimulatedECG, vocabulary: Vocabulary) -> list[str]:
    present = vocabulary.closure(simulated.present)
    open_ = simulated.unknown - present
    return ["1" if c in present else "" if c in open_ else "0" for c in CONDITIONS]


def write_beats(beats: Beats, header: Path, fs: float, samples: int) -> None:
    """Write the annotation file of a record: beats at their R peak, waves by their limits."""
    import wfdb

    marks = sorted(mark for mark in _marks(beats, fs) if 0 <= mark[0] < samples)
    with atomic_folder(header.with_suffix(".annotations")) as temporary:
        wfdb.wrann(
            header.stem,
            "atr",
            np.array([sample for sample, _, _ in marks], np.int64),
            [symbol for _, _, symbol in marks],
            num=np.array([wave for _, wave, _ in marks], np.int64),
            fs=fs,
            write_dir=str(temporary),
        )
        (temporary / f"{header.stem}.atr").replace(header.with_suffix(".atr"))
    header.with_suffix(".annotations").rmdir()


def _marks(beats: Beats, fs: float) -> Iterator[tuple[int, int, str]]:
    """(sample, wave, symbol) of every beat and of the limits of its waves."""
    limits = (
        (P, beats.p_on_s, beats.p_off_s),
        (QRS, beats.qrs_on_s, beats.qrs_off_s),
        (T, beats.t_on_s, beats.t_off_s),
    )
    for beat, kind in enumerate(beats.kind):
        peak_s = float(np.nanmedian(beats.r_peak_s[beat]))
        places = [(peak_s, QRS, SYMBOLS.get(kind, "Q"))]
        for wave, on_s, off_s in limits:
            places += [(float(on_s[beat]), wave, "("), (float(off_s[beat]), wave, ")")]
        for seconds, wave, symbol in places:
            if np.isfinite(seconds):
                yield round(seconds * fs), wave, symbol


def _write_tables(job: SimulatedFiles, parts: Sequence[int]) -> None:
    """Join what the parts say; the truth comes last, since it says that all is done."""
    rows = [row for n in parts for row in json.loads(_marker(job, n).read_text(encoding="utf-8"))]
    _write_csv(job.folder / REPORTS, ["record", "report"], [row[:2] for row in rows])
    truth = [[row[0], *row[2:]] for row in rows]
    _write_csv(job.folder / TRUTH, ["record", *CONDITIONS], truth)


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with (
        atomic_write(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _marker(job: SimulatedFiles, number: int) -> Path:
    return job.folder / f".part-{number:05d}.json"
