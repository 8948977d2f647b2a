"""Reading the split tables in their two faces.

`strict` (default): every column holds what its name says, in one order in all three parts.
`published`: the tables as the papers' code read them, for comparison with printed numbers. They
differ in two sets only:

- ptbxl_sub: the published training file has another column order than validation and test (AVB,
  RAO/RAE, ISC against ISC, AVB, RAO/RAE). `published` keeps each file's own order, so that columns
  taken by position are as wrong as they were; by name they are right in both faces.
- csn: the published labels were found by substring search in the list of acronyms ("AF" in
  "AFIB", "VB" in "1AVB" …). `strict` compares whole acronyms, and leaves out VB, of which no test
  record remains: 37 classes instead of 38.

Rows are the same in both faces. No patient stands in two parts of PTB-XL. CPSC2018 and CSN do not
tell patients; their parts are random by record. CPSC records are named by their file: the running
number of the published table depends on the order in which a folder was listed.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cardiolex.datasets.splits.split_set import PARTS, SplitClass, SplitPart, SplitSet
from cardiolex.errors import CardiolexError

Face = Literal["strict", "published"]
FACES: tuple[Face, ...] = get_args(Face)

SPLIT_SETS = {
    "ptbxl_super": ("PTBXL-Super", "ptb-xl"),
    "ptbxl_sub": ("PTBXL-Sub", "ptb-xl"),
    "ptbxl_form": ("PTBXL-Form", "ptb-xl"),
    "ptbxl_rhythm": ("PTBXL-Rhythm", "ptb-xl"),
    "cpsc2018": ("CPSC2018", "cpsc2018"),
    "csn": ("CSN", "csn"),
}
"""Name -> the papers' name, and the data set it is made from."""

_ALIASES = {
    "ptbxl_super_class": "ptbxl_super",
    "ptbxl_sub_class": "ptbxl_sub",
    "icbeb": "cpsc2018",
    "chapman": "csn",
}
_SUB_TRAIN_ORDER = ("AVB", "RAO/RAE", "ISC")  # where validation and test have ISC, AVB, RAO/RAE
Row = dict[str, str]


def split_name(name: str) -> str:
    """The name of a set from any that the papers or their code use; CardiolexError if none."""
    key = name.lower().replace("-", "_")
    key = _ALIASES.get(key, key)
    if key not in SPLIT_SETS:
        raise CardiolexError(f"no split set {name!r}; there are {', '.join(SPLIT_SETS)}")
    return key


def load_split(name: str, face: Face = "strict") -> SplitSet:
    """Return one of the six sets; see the module for what the faces are."""
    if face not in FACES:
        raise CardiolexError(f"no face {face!r}; there are {', '.join(FACES)}")
    return _load(split_name(name), face)


@lru_cache(maxsize=12)
def _load(name: str, face: Face) -> SplitSet:
    title, data_set = SPLIT_SETS[name]
    build = {"ptb-xl": _ptbxl, "cpsc2018": _cpsc, "csn": _csn}[data_set]
    return SplitSet(name, title, data_set, face, build(name, face))


def _ptbxl(name: str, face: Face) -> dict[str, SplitPart]:
    column = name.removeprefix("ptbxl_")
    rows = [row for row in _table("ptbxl.csv.gz") if row[column]]
    classes = _classes(name)
    parts: dict[str, SplitPart] = {}
    for split, folds in zip(PARTS, (range(1, 9), (9,), (10,)), strict=True):
        chosen = [row for row in rows if int(row["strat_fold"]) in folds]
        swapped = name == "ptbxl_sub" and face == "published" and split == "train"
        own = _in_train_order(classes) if swapped else classes
        numbers = [int(row["ecg_id"]) for row in chosen]
        parts[split] = SplitPart(
            split,
            own,
            tuple(f"records500/{n // 1000 * 1000:05d}/{n:05d}_hr" for n in numbers),
            tuple(str(n) for n in numbers),
            _labels(own, (row[column].split(";") for row in chosen), len(chosen)),
            patients=tuple(row["patient_id"] for row in chosen),
        )
    return parts


def _in_train_order(classes: Sequence[SplitClass]) -> tuple[SplitClass, ...]:
    by_code = {one.code: one for one in classes}
    moved = iter(_SUB_TRAIN_ORDER)
    return tuple(by_code[next(moved)] if c.code in _SUB_TRAIN_ORDER else c for c in classes)


def _cpsc(name: str, face: Face) -> dict[str, SplitPart]:
    classes = _classes(name)
    parts: dict[str, SplitPart] = {}
    for split in PARTS:
        rows = [row for row in _table("cpsc2018.csv.gz") if row["split"] == split]
        names = tuple(row["record"] for row in rows)
        parts[split] = SplitPart(
            split,
            classes,
            names,
            names,
            _labels(classes, (row["codes"].split(";") for row in rows), len(rows)),
            ages=np.array([float(row["age"] or "nan") for row in rows], np.float32),
            sexes=tuple(row["sex"] for row in rows),
        )
    return parts


def _csn(name: str, face: Face) -> dict[str, SplitPart]:
    classes = _classes(name)
    if face == "strict":
        classes = tuple(one for one in classes if one.code != "VB")
    held: Callable[[str], Iterable[str]] = {
        "strict": lambda text: text.split(","),
        "published": lambda text: (one.code for one in classes if one.code in text),
    }[face]
    parts: dict[str, SplitPart] = {}
    for split in PARTS:
        rows = [row for row in _table("csn.csv.gz") if row["split"] == split]
        parts[split] = SplitPart(
            split,
            classes,
            tuple(f"WFDBRecords/{row['record']}" for row in rows),
            tuple(row["record"].rpartition("/")[2] for row in rows),
            _labels(classes, (held(row["diagnose"]) for row in rows), len(rows)),
        )
    return parts


def _labels(
    classes: Sequence[SplitClass], found: Iterable[Iterable[str]], count: int
) -> NDArray[np.uint8]:
    places = {one.code: place for place, one in enumerate(classes)}
    labels = np.zeros((count, len(classes)), np.uint8)
    for n, codes in enumerate(found):
        labels[n, [places[code] for code in codes if code in places]] = 1
    labels.flags.writeable = False
    return labels


@lru_cache(maxsize=1)
def _all_classes() -> dict[str, tuple[SplitClass, ...]]:
    found: dict[str, list[SplitClass]] = {name: [] for name in SPLIT_SETS}
    for row in _table("classes.csv"):
        condition = row["condition"] or row["name"]
        found[row["set"]].append(SplitClass(row["code"], row["name"], condition))
    return {name: tuple(classes) for name, classes in found.items()}


def _classes(name: str) -> tuple[SplitClass, ...]:
    return _all_classes()[name]


@lru_cache(maxsize=3)
def _table(file: str) -> list[Row]:
    data = files(__package__).joinpath(file).read_bytes()
    text = (gzip.decompress(data) if file.endswith(".gz") else data).decode()
    return list(csv.DictReader(io.StringIO(text)))
