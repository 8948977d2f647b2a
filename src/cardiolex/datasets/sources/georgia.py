"""Georgia 12-lead ECG challenge database (Perez Alday et al. 2020): 10,344 recordings."""

from __future__ import annotations

from collections.abc import Iterator

from cardiolex.datasets.sources.entry import Entry, Reading, Source
from cardiolex.datasets.sources.headers import header_entries


def entries(reading: Reading) -> Iterator[Entry]:
    """Yield every E….hea below the folder; patients are not told."""
    yield from header_entries(reading, r"E\d+", "Georgia", ("georgia",))


SOURCE = Source(
    "georgia", "Georgia", "CinC 2020/2021", "E00001.hea, E00001.mat (any folders)", entries
)
