"""The real recordings that come with the package."""

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A bundled recording and what its data set says of it."""

    path: Path
    dataset: str
    diagnosis: str  # in words, as the data set reports it
    conditions: tuple[str, ...]  # the same as canonical condition names
    age: float | None  # years
    sex: str | None


def samples() -> list[Sample]:
    """Return the bundled recordings in the order of `samples.json`."""
    entries = json.loads((FOLDER / "samples.json").read_text(encoding="utf-8"))
    return [
        Sample(
            FOLDER / entry["file"],
            entry["dataset"],
            entry["diagnosis"],
            tuple(entry["conditions"]),
            entry["age"],
            entry["sex"],
        )
        for entry in entries
    ]


def sample_paths() -> list[Path]:
    """Return the files of the bundled recordings, for `readers.read`."""
    return [sample.path for sample in samples()]
