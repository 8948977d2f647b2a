"""The names under which a table may speak of a recording."""

import re
from pathlib import PurePosixPath

_PTBXL = re.compile(r"0*([1-9]\d*)_[hl]r")


def names_of(file: str, recording_id: str) -> tuple[str, ...]:
    """Names of the recording in `file` (relative path), the strictest first.

    PTB-XL's files are named by its ecg_id: `00017_hr` is record 17.
    """
    path = PurePosixPath(file)
    names = (file, path.with_suffix("").as_posix(), path.name, path.stem, recording_id)
    numbered = _PTBXL.fullmatch(path.stem)
    return (*names, numbered[1]) if numbered else names
