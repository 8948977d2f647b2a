"""Recordings read per second, by format, from the disk cache, in one process."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from measuring import Figure, interleaved, main
from scipy.io import savemat

from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import sample_paths


def convert(recording: Recording, folder: Path) -> dict[str, Callable[[], Recording]]:
    """The same recording in every format that has to be written for the purpose."""
    mv, fs, leads = recording.mv, recording.fs, recording.leads
    header = ",".join(leads)
    np.savetxt(folder / "ecg.csv", mv.T, "%.3f", ",", header=header, comments="")
    np.save(folder / "ecg.npy", mv)
    np.savez(folder / "ecg.npz", mv=mv, fs=fs, leads=np.array(leads))
    savemat(folder / "cpsc.mat", {"ECG": {"sex": "Male", "age": 60, "data": mv.astype(float)}})
    with h5py.File(folder / "sph.h5", "w") as file:
        file["ecg"] = mv.astype(np.float16)
    return {
        "CSV": lambda: read(folder / "ecg.csv", fs=fs, unit="mV"),
        "NPY": lambda: read(folder / "ecg.npy", fs=fs, leads=leads, unit="mV"),
        "NPZ": lambda: read(folder / "ecg.npz"),
        "MATLAB (CPSC2018)": lambda: read(folder / "cpsc.mat"),
        "HDF5 (SPH)": lambda: read(folder / "sph.h5"),
    }


def measure(options: argparse.Namespace) -> list[Figure]:
    """Read a bundled 10 s, 12-lead, 500 Hz recording in each format."""
    rounds = 20 if options.quick else 100
    headers = [path for path in sample_paths() if path.suffix == ".hea"]
    dat = next(path for path in headers if path.with_suffix(".dat").exists())
    mat = next(path for path in headers if path.with_suffix(".mat").exists())
    with tempfile.TemporaryDirectory() as folder:
        works: dict[str, Callable[[], object]] = {
            "WFDB (.dat)": lambda: read(dat),
            "WFDB (.mat)": lambda: read(mat),
            **convert(read(dat), Path(folder)),
        }
        taken = interleaved(works, rounds=rounds, warm_up=2)
    return [Figure("read", name, 1 / s, "recordings/s") for name, s in taken.items()]


if __name__ == "__main__":
    main(measure)
