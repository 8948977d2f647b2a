"""MATLAB files that hold an ECG by themselves: CPSC2018's own form and ECG-FM's."""

from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.recordings.readers.arrays import twelve_leads
from cardiolex.recordings.readers.comments import parse_age, parse_sex
from cardiolex.recordings.readers.errors import ReadError, bounded_size
from cardiolex.recordings.readers.mat5 import read_mat5
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.recording import Recording

MOST_MAT_BYTES = 256 << 20
CPSC_FS = 500.0


def read_mat(path: Path, facts: Stated) -> Recording:
    """Read `ECG` (struct sex, age, data: CPSC2018, millivolts at 500 Hz) or `feats` (ECG-FM).

    ECG-FM's files state their rate in `curr_sample_rate` but no unit. A `val` of the CinC
    challenges needs its header. MATLAB 7.3 files are refused.
    """
    bounded_size(path, MOST_MAT_BYTES)
    with path.open("rb") as file:
        start = file.read(84)
    if not start.startswith(b"MATLAB 5.0"):  # MATLAB 4: a name after 20 bytes
        raise _not_understood(path, [start[20:].split(b"\0")[0].decode("ascii", "replace")])
    content = read_mat5(path)
    if "ECG" in content:
        facts.refuse(path, "CPSC2018 files are I … V6 in mV at 500 Hz", "fs", "leads", "unit")
        return _cpsc(path, content["ECG"])
    if "feats" in content:
        facts.refuse(path, "ECG-FM files are I … V6 and hold their rate", "fs", "leads")
        return _ecg_fm(path, content, facts)
    raise _not_understood(path, list(content))


def _not_understood(path: Path, names: list[str]) -> ReadError:
    if "val" in names:
        return ReadError(
            path,
            "holds counts (`val`) without gain or lead names",
            f"put its header {path.stem}.hea beside it and read that",
        )
    return ReadError(
        path, f"holds {names}", "known are ECG (CPSC2018), feats (ECG-FM) and val + .hea"
    )


def _cpsc(path: Path, struct: Any) -> Recording:
    if not isinstance(struct, dict) or not isinstance(struct.get("data"), np.ndarray):
        raise ReadError(path, "ECG is no struct with data", "CPSC2018 has sex, age, data")
    age, notes = parse_age(_scalar(struct.get("age")))
    return twelve_leads(
        path,
        struct["data"],
        CPSC_FS,
        "mV",
        "CPSC2018",
        id=path.stem,
        age=age,
        sex=parse_sex(struct.get("sex")),
        notes=tuple(notes),
    )


def _ecg_fm(path: Path, content: dict[str, Any], facts: Stated) -> Recording:
    if not isinstance(content["feats"], np.ndarray):
        raise ReadError(path, "feats is no table of numbers")
    fs = _scalar(content.get("curr_sample_rate"))
    if fs is None:
        raise ReadError(path, "holds feats without a sampling rate (curr_sample_rate)")
    if not 0 < fs < float("inf"):
        raise ReadError(path, f"states curr_sample_rate {fs:g} Hz", "write the true rate")
    return twelve_leads(path, content["feats"], fs, facts.unit, "ECG-FM", id=path.stem)


def _scalar(value: Any) -> float | None:
    return float(value.flat[0]) if isinstance(value, np.ndarray) and value.size else None
