"""MATLAB files that hold an ECG by themselves: CPSC2018's own form and ECG-FM's."""

from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.recordings.readers.arrays import twelve_leads
from cardiolex.recordings.readers.comments import parse_age, parse_sex
from cardiolex.recordings.readers.errors import MOST_VALUES, ReadError, bounded_size
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.recording import Recording

MOST_MAT_BYTES = 256 << 20
CPSC_FS = 500.0


def read_mat(path: Path, facts: Stated) -> Recording:
    """Read `ECG` (struct sex, age, data: CPSC2018, millivolts at 500 Hz) or `feats` (ECG-FM).

    ECG-FM's files state their rate in `curr_sample_rate` but no unit. A `val` of the CinC
    challenges needs its header. MATLAB 7.3 files are refused.
    """
    from scipy.io import loadmat, whosmat

    bounded_size(path, MOST_MAT_BYTES)
    try:
        shapes = {name: shape for name, shape, _ in whosmat(str(path))}
    except Exception as error:
        raise ReadError(path, f"is a damaged MATLAB file ({error})") from error
    if any(np.prod(shape, dtype=float) > MOST_VALUES for shape in shapes.values()):
        raise ReadError(path, f"states variables beyond the bounds: {shapes}")
    wanted: list[str] = [name for name in ("ECG", "feats", "curr_sample_rate") if name in shapes]
    if not {"ECG", "feats"} & set(wanted):
        raise _not_understood(path, list(shapes))
    try:
        content = loadmat(str(path), variable_names=wanted)
    except Exception as error:
        raise ReadError(path, f"is a damaged MATLAB file ({error})") from error
    return _cpsc(path, content) if "ECG" in content else _ecg_fm(path, content, facts)


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


def _cpsc(path: Path, content: dict[str, Any]) -> Recording:
    struct = content["ECG"]
    fields = struct.dtype.names or ()
    if struct.size != 1 or "data" not in fields:
        raise ReadError(
            path, f"ECG is no struct with data but {fields}", "CPSC2018 has sex, age, data"
        )
    entry = struct.reshape(-1)[0]
    age, notes = parse_age(_scalar(entry["age"]) if "age" in fields else "")
    return twelve_leads(
        path,
        np.asarray(entry["data"]),
        CPSC_FS,
        "mV",
        "CPSC2018",
        id=path.stem,
        age=age,
        sex=parse_sex(_scalar(entry["sex"])) if "sex" in fields else None,
        notes=tuple(notes),
    )


def _ecg_fm(path: Path, content: dict[str, Any], facts: Stated) -> Recording:
    try:
        fs = float(_scalar(content["curr_sample_rate"]))
    except (KeyError, TypeError, ValueError):
        raise ReadError(path, "holds feats without a sampling rate (curr_sample_rate)") from None
    if not 0 < fs < float("inf"):
        raise ReadError(path, f"states curr_sample_rate {fs:g} Hz", "write the true rate")
    return twelve_leads(path, content["feats"], fs, facts.unit, "ECG-FM", id=path.stem)


def _scalar(value: Any) -> Any:
    array = np.asarray(value).reshape(-1)
    return array[0] if array.size else ""
