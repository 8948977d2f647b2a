"""EDF+ through edfio: 16-bit samples, the report as an annotation at the start."""

from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.writers.counts import Counts, to_counts
from cardiolex.recordings.writers.names import told_texts
from cardiolex.recordings.writers.when import recorded_at

MOST_RECORD = 61440
"""Bytes of a data record that EDF recommends at most."""


def write_edf(recording: Recording, stem: Path, deidentify: bool) -> None:
    """Write `stem`.edf; EDF has no mark for a missing sample, so gaps are a CardiolexError."""
    import edfio

    if not np.isfinite(recording.mv).all():
        missing = int((~np.isfinite(recording.mv)).sum())
        raise CardiolexError(
            f"recording {recording.id!r}: {missing} samples are missing, which EDF cannot say; "
            "write wfdb, csv or dicom"
        )
    counts = to_counts(recording)
    seconds = _record_seconds(recording)
    when = recorded_at(recording)
    file = edfio.Edf(
        [_signal(recording, counts, n) for n in range(len(recording.leads))],
        patient=_patient(recording),
        recording=edfio.Recording(
            startdate=None if when is None else when.date(),
            equipment_code=_word(recording.details.get("device", "")),
        ),
        starttime=None if when is None else when.time(),
        data_record_duration=seconds,
        annotations=[edfio.EdfAnnotation(0.0, None, text) for text in told_texts(recording)],
    )
    with atomic_write(stem.with_name(f"{stem.name}.edf")) as temporary:
        file.write(temporary)


def _signal(recording: Recording, counts: Counts, row: int) -> Any:
    import edfio

    most = 32767 / counts.per_mv
    return edfio.EdfSignal.from_digital(
        counts.values[row],
        recording.fs,
        label=f"ECG {recording.leads[row]}",
        physical_dimension="mV",
        physical_range=(-most, most),
        digital_range=(-32767, 32767),
    )


def _patient(recording: Recording) -> Any:
    import edfio

    letter: Any = {"male": "M", "female": "F"}.get(recording.sex or "", "X")
    return edfio.Patient(code=_word(recording.patient or ""), sex=letter)


def _word(text: str) -> str:
    """Return text as one word of ASCII, "X" for nothing (EDF+ subfield)."""
    plain = "_".join(text.encode("ascii", "replace").decode().split())
    return plain[:20] or "X"


def _record_seconds(recording: Recording) -> float:
    """Return a data record's duration that divides the recording and fits its eight characters."""
    samples, width = recording.mv.shape[1], 2 * len(recording.leads)
    divisors = [n for n in range(1, min(samples, 100_000) + 1) if samples % n == 0]
    small = [n for n in divisors if samples // n * width <= MOST_RECORD]
    for count in [*small, *reversed(divisors)]:
        seconds = samples / count / recording.fs
        if float(f"{seconds:.8g}"[:8]) == seconds:
            return float(seconds)
    raise CardiolexError(
        f"recording {recording.id!r}: {samples} samples at {recording.fs:g} Hz do not divide into "
        "data records that EDF can state; resample or crop it, or write another format"
    )
