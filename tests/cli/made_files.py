"""Recordings that commands read."""

from pathlib import Path

from recordings.making import strip


def write_csv(path: Path, leads=("I", "II"), seconds: float = 10, rate: float = 75) -> Path:
    """A recording as a table, in millivolts at 500 Hz."""
    part = strip(seconds=seconds, rate=rate).select(leads)
    rows = [",".join(f"{value:.4f}" for value in column) for column in part.mv.T]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["# fs: 500", "# unit: mV", ",".join(part.leads), *rows]) + "\n")
    return path
