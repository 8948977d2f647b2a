"""The command that writes recordings into files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cardiolex.cli.answers import usable
from cardiolex.cli.batch import Failures, find_each, lead_names
from cardiolex.cli.options import LeadsOnly, Recordings
from cardiolex.cli.progress import progress_bar
from cardiolex.errors import CardiolexError


def save_as(
    paths: Recordings,
    /,
    *,
    format: Literal["wfdb", "csv", "dicom", "edf"],
    output: Path,
    leads: LeadsOnly = None,
    deidentify: bool = False,
    overwrite: bool = False,
) -> int:
    """Write recordings of any readable format as WFDB, CSV, DICOM or EDF+.

    Nothing is invented: what a recording does not say stays empty. Names of files are printed.

    Parameters
    ----------
    format
        wfdb (header and signal file), csv (with a sidecar), dicom (ECG waveform) or edf (EDF+).
    output
        Folder for the files.
    deidentify
        Leave out patient, id, report, device, times and ages above 89; number the files instead.
    overwrite
        Replace files that are there already.
    """
    from cardiolex.recordings.writers import write_recording

    failures = Failures()
    files = find_each(paths, failures)
    done = 0
    with progress_bar("writing") as progress:
        for path, recording in usable(files, lead_names(leads), failures):
            name = f"ecg-{done + 1:04d}" if deidentify else recording.id
            try:
                written = write_recording(
                    recording, output, format, name=name, deidentify=deidentify, overwrite=overwrite
                )
            except CardiolexError as error:
                failures.add(path, error)
                continue
            print(written)
            done += 1
            progress(done, len(files))
    if not done and not failures.reasons:
        raise CardiolexError(f"no recording found in {', '.join(map(str, paths))}")
    return failures.close(done)
