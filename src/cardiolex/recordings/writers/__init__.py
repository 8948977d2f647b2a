"""A `Recording` to files of other programs: WFDB, CSV, DICOM, EDF."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from cardiolex.errors import CardiolexError
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.writers.names import safe_name, without_identity

__all__ = ["FileFormat", "write_recording"]

FileFormat = Literal["wfdb", "csv", "dicom", "edf"]
_FILES = {"wfdb": (".dat", ".hea"), "csv": (".json", ".csv"), "dicom": (".dcm",), "edf": (".edf",)}


def write_recording(
    recording: Recording,
    folder: str | Path,
    form: FileFormat,
    *,
    name: str | None = None,
    deidentify: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write the leads of `recording` into `folder`; returns the file to read it from again.

    `name` (the recording's id by default) becomes the file's name, with letters, digits, "-" and
    "_" only. With `deidentify` patient, id, report, device, time, and an age above 89 are left
    out. Amplitudes are stored to 0.1 uV where they fit 16 bits, else as finely as they fit.
    Channels that are no standard lead are not written, since their unit is not kept.

    CardiolexError for an unknown unit (but CSV), for gaps in EDF, for rates DICOM does not know,
    and for files that are there already, unless `overwrite`.
    """
    if form not in _FILES:
        raise CardiolexError(f"unknown format {form!r}; the formats are {', '.join(_FILES)}")
    if not recording.unit_known and form != "csv":
        raise CardiolexError(
            f"recording {recording.id!r}: its unit is not known, and {form} must state one; "
            "state it when reading (unit= or a sidecar), or write csv"
        )
    stem = Path(folder) / safe_name(name or recording.id)
    for suffix in _FILES[form]:
        there = stem.with_name(stem.name + suffix)
        if there.exists() and not overwrite:
            raise CardiolexError(f"{there} is there already; name another folder, or overwrite it")
    _writer(form)(without_identity(recording) if deidentify else recording, stem, deidentify)
    return stem.with_name(stem.name + _FILES[form][-1])


def _writer(form: FileFormat) -> Callable[[Recording, Path, bool], None]:
    if form == "wfdb":
        from cardiolex.recordings.writers.wfdb import write_wfdb

        return write_wfdb
    if form == "csv":
        from cardiolex.recordings.writers.csv import write_csv

        return write_csv
    if form == "dicom":
        from cardiolex.recordings.writers.dicom import write_dicom

        return write_dicom
    from cardiolex.recordings.writers.edf import write_edf

    return write_edf
