"""What lies where in a store of recordings.

manifest.json        written last: what the arrays mean, checksums of all shards
table.parquet        one row per window: id, patient, age, sex, report, source, labels, ...
shards/00000.npy     (n, 12, T) int16 counts of `gain` mV, opened as memory maps
shards/00000.json    done marker of a shard: rows, checksums, failures
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from cardiolex.errors import CardiolexError

SCHEMA = 1
GAIN_MV = 0.001  # int16 then spans +-32 mV in steps of 1 microvolt

_names = pa.list_(pa.dictionary(pa.int16(), pa.string()))
TABLE = pa.schema(
    [
        ("id", pa.string()),
        ("patient", pa.string()),
        ("age", pa.float32()),  # years
        ("sex", pa.string()),
        ("report", pa.string()),
        ("source", pa.string()),
        ("start_s", pa.float64()),  # of the window in its recording
        ("length", pa.int32()),  # real samples; the rest of the window is padding
        ("leads", pa.uint16()),  # bit l set = lead l of the canonical order is present
        ("present", _names),
        ("unknown", _names),
        ("judged", pa.int16()),  # number of a set in the manifest; null = everything
        ("split", pa.string()),  # train, val, test; null = not assigned
        ("codes", _names),  # labels as the data set writes them
    ]
)


@dataclass(frozen=True)
class Manifest:
    """What the arrays of a store mean."""

    preprocess: dict[str, Any]
    leads: tuple[str, ...]
    samples: int
    shards: list[dict[str, Any]]  # file, rows, sha256
    judged: list[list[str]] = field(default_factory=list)
    gain_mv: float = GAIN_MV
    source: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_json(self) -> str:
        """As it stands in manifest.json."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """CardiolexError if `folder` is no finished store of this version."""
        path = folder / "manifest.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            if (folder / "shards").is_dir():
                what = "is no finished store; run the same command again to finish it"
            elif folder.is_dir():
                what = "holds no store; make one with `cardiolex prepare` or `cardiolex simulate`"
            else:
                what = "no such store; make one with `cardiolex prepare` or `cardiolex simulate`"
            raise CardiolexError(f"{folder}: {what}") from error
        except ValueError as error:
            raise CardiolexError(f"{path}: is not valid JSON: {error}") from error
        if content.get("schema") != SCHEMA:
            raise CardiolexError(f"{path}: schema {content.get('schema')!r}, expected {SCHEMA}")
        return cls(**{**content, "leads": tuple(content["leads"])})


def sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
