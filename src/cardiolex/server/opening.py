"""From what a request carries to a `Recording`, in a worker: files of strangers are opened here."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers import find_recordings, read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import Sample, samples
from cardiolex.server.jobs import Signal, Source
from cardiolex.server.limits import Limits
from cardiolex.server.unpacking import unpack

RATES_HZ = (20.0, 50_000.0)
MOST_MV = 1e9  # counts of files that state no unit included
NAME = 128  # longest file name


def sample_name(sample: Sample) -> str:
    """How a bundled recording is called in requests: "ptb-xl/00010_hr"."""
    return f"{sample.path.parent.name}/{sample.path.stem}"


def open_source(source: Source, limits: Limits) -> Recording:
    """The recording; CardiolexError with what is wrong, in which no path of the server stands."""
    if source.signal is not None:
        recording = _from_signal(source.signal)
    elif source.sample is not None:
        recording = _from_sample(source.sample)
    else:
        recording = _from_files(source, limits)
    low, high = RATES_HZ
    if not low <= recording.fs <= high:
        raise CardiolexError(
            f"a sampling rate of {recording.fs:g} Hz is stated; {low:g} to {high:g} Hz are possible"
        )
    if recording.duration > limits.longest_s:
        raise CardiolexError(
            f"the recording lasts {recording.duration:.0f} s; at most {limits.longest_s:g} s are "
            "read here: cut out the part that matters"
        )
    there = recording.mv[np.isfinite(recording.mv)]
    if not there.any():
        raise CardiolexError("every sample is zero or missing: nothing was recorded")
    if np.abs(there).max() > MOST_MV:
        raise CardiolexError(f"holds values beyond {MOST_MV:g} mV, which no heart makes")
    return recording


def _from_signal(signal: Signal) -> Recording:
    lengths = {name: len(values) for name, values in signal.channels.items()}
    if len(set(lengths.values())) != 1:
        raise CardiolexError(f"channels must be of one length; they hold {lengths} samples")
    values = np.array(list(signal.channels.values()), dtype=np.float32)  # None becomes NaN
    return Recording.from_channels(
        values, list(signal.channels), signal.fs, unit=signal.unit, id=signal.id, source="request"
    )


def _from_sample(name: str) -> Recording:
    for sample in samples():
        if sample_name(sample) == name:
            return replace(read(sample.path), source=f"bundled, {sample.dataset}")
    raise CardiolexError(f"there is no bundled recording {name!r}; /v1/samples lists them")


def _from_files(source: Source, limits: Limits) -> Recording:
    with tempfile.TemporaryDirectory(prefix="cardiolex-") as temporary:
        folder = Path(temporary)
        for name, content in source.files:
            _write(folder, name, content)
        try:
            path = _the_recording(folder, source, limits)
            recording = read(
                path, fs=source.fs, leads=source.channels, unit=source.unit, index=source.index
            )
        except CardiolexError as error:
            raise CardiolexError(_for_clients(_without(folder, str(error)))) from None
        return replace(
            recording,
            source=_without(folder, recording.source),
            notes=tuple(_without(folder, note) for note in recording.notes),
            unread=tuple(_without(folder, what) for what in recording.unread),
        )


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write an uploaded file under its own plain name: WFDB headers name their signal files."""
    bad = any(mark in name for mark in "/\\:") or not name.isprintable()
    if not name or bad or name.startswith(".") or len(name.encode()) > NAME:
        raise CardiolexError(
            f"the file name {name[:NAME]!r} is not usable; give a plain name without folders, "
            f"of at most {NAME} bytes, that does not begin with a dot"
        )
    try:
        with (folder / name).open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise CardiolexError(f"two files are called {name!r}") from None


def _the_recording(folder: Path, source: Source, limits: Limits) -> Path:
    names = [name for name, _ in source.files]
    if len(names) == 1:
        path = folder / names[0]
        if not unpack(path, partial(_write, folder), limits):
            return path
        path.unlink()
        names = sorted(one.name for one in folder.iterdir())
        if len(names) == 1:
            return folder / names[0]
    found = find_recordings(folder)
    if len(found) != 1:
        held = ", ".join(sorted(path.name for path in found)) or "none"
        raise CardiolexError(
            f"the {len(names)} files hold {len(found)} recordings ({held}); "
            "send the files of one recording, such as a header and its signal file"
        )
    return found[0]


def _for_clients(text: str) -> str:
    """`text` in which arguments of the library are called as the fields of a request are."""
    words = {"pass leads=": "state `channels`", "pass fs=": "state `fs`", "with unit=": "`unit`"}
    words |= {"choose one with index= or exam=": "choose one with `index`"}
    for ours, theirs in words.items():
        text = text.replace(ours, theirs)
    return text


def _without(folder: Path, text: str) -> str:
    """`text` in which files stand with their own names alone."""
    for spelt in (str(folder), str(folder.resolve())):
        text = text.replace(f"{spelt}/", "").replace(f"{spelt}\\", "").replace(spelt, "the upload")
    return text
