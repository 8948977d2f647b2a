"""Truth tables of the downstream sets for the recordings that are in a folder."""

from __future__ import annotations

from pathlib import Path

from cardiolex.datasets.folders_below import folders_below
from cardiolex.datasets.splits import Face, SplitPart, load_split, split_name, write_truth
from cardiolex.errors import CardiolexError


def write_truth_tables(
    name: str, root: str | Path, output: str | Path, *, rate: int = 500, face: Face = "strict"
) -> dict[str, tuple[int, int]]:
    """Write train.csv, val.csv, test.csv to `output`; returns split -> (records, absent ones).

    Recordings are found by their file names anywhere below `root`; `rate` (500 or 100 Hz) chooses
    among PTB-XL's copies. CardiolexError if none is there.
    """
    root, output = Path(root), Path(output)
    if rate not in (500, 100):
        raise CardiolexError(f"rate {rate}: PTB-XL comes at 500 and 100 Hz")
    split_set = load_split(split_name(name), face)
    held = _held(root)
    counts: dict[str, tuple[int, int]] = {}
    for split, part in split_set.parts.items():
        rows = [n for n, record in enumerate(part.records) if _stem(record, rate) in held]
        counts[split] = (len(rows), len(part) - len(rows))
    if not any(found for found, _ in counts.values()):
        raise CardiolexError(
            f"{root}: none of the recordings of {split_set.title} is there, "
            f"e.g. {_stem(split_set.part('test').records[0], rate)}; name the folder as downloaded"
        )
    for split, part in split_set.parts.items():
        if counts[split][0]:
            _write(part, output / f"{split}.csv", held, rate)
    return counts


def _write(part: SplitPart, path: Path, held: dict[str, str], rate: int) -> None:
    rows = [n for n, record in enumerate(part.records) if _stem(record, rate) in held]
    write_truth(part.chosen(rows), path, lambda record: held[_stem(record, rate)])


def _stem(record: str, rate: int) -> str:
    name = record.rpartition("/")[2]
    return f"{name[:-3]}_lr" if rate == 100 and name.endswith("_hr") else name


def _held(root: Path) -> dict[str, str]:
    """Name without ending -> path of the header, or of the recording itself, below `root`."""
    if not root.is_dir():
        raise CardiolexError(f"{root}: no such folder")
    held: dict[str, str] = {}
    for folder, names in folders_below(root):
        here = folder.relative_to(root)
        for name in names:
            stem, _, ending = name.rpartition(".")
            if ending == "hea" or (ending == "mat" and f"{stem}.hea" not in names):
                held.setdefault(stem, (here / name).as_posix())
    return held
