"""A checkpoint folder with other words around the same weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from cardiolex.bundled import bundled_or
from cardiolex.calibration import Calibration
from cardiolex.checkpoint.borrowing import places
from cardiolex.checkpoint.digests import digests
from cardiolex.checkpoint.folder import load_checkpoint
from cardiolex.checkpoint.selftest import FILE as SELFTEST
from cardiolex.files import atomic_folder, check_replaceable, write_text


def check_output(output: str | Path) -> None:
    """OSError where `revise` would refuse `output`: before long work, not after it."""
    check_replaceable(output, SELFTEST)


def revise(
    folder: str | Path,
    output: str | Path,
    *,
    calibration: Calibration | None = None,
    default_conditions: Sequence[str] | None = None,
    card: str | None = None,
) -> Path:
    """Copy a checkpoint to `output` (which may be `folder` itself) with the parts given replaced.

    Weights and self-test stay as they are, byte for byte; what comes out was loaded once. A folder
    without digests of preprocessing and vocabulary (written by an earlier version) gets them.
    """
    load_checkpoint(folder, selftest=False)  # what is wrong with it is said of the folder itself
    with atomic_folder(output, mark=SELFTEST) as temporary:
        shutil.copytree(bundled_or(folder), temporary, dirs_exist_ok=True)
        if calibration is not None:
            calibration.save(temporary / "calibration.json")
        path = temporary / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        if "digests" not in config:
            config["digests"] = digests(places(temporary, config))
        if default_conditions is not None:
            config["default_conditions"] = list(default_conditions)
        write_text(path, json.dumps(config, indent=1) + "\n")
        if card is not None:
            write_text(temporary / "README.md", card)
        load_checkpoint(temporary)
    return Path(output)
