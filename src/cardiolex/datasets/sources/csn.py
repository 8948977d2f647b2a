"""Chapman-Shaoxing and Ningbo (Zheng et al. 2020, 2022): 45,152 recordings, SNOMED CT codes.

The 23,026 records of the published split table carry its parts; the others none. Patients are not
told, so parts are by record. Its code for flutter stands for much fibrillation as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.headers import header_entries
from cardiolex.datasets.splits import load_split


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield every JS….hea below the folder."""
    parts = load_split("csn", reading.face).parts
    split = {name: part.split for part in parts.values() for name in part.ids}
    yield from header_entries(
        reading,
        r"JS\d+",
        "Chapman-Shaoxing-Ningbo",
        ("chapman_shaoxing", "ningbo"),
        split=lambda record: split.get(record, ""),
    )


SOURCE = Source(
    "csn",
    "Chapman-Shaoxing-Ningbo",
    "1.0.0",
    "WFDBRecords/01/010/JS00001.hea, .mat (PhysioNet), or JS….hea in any folders (CinC 2021)",
    entries,
)
