"""The six downstream sets of MERL, K-MERL, SuPreME and MELP: records, splits, labels by name."""

from cardiolex.datasets.splits.loading import FACES, SPLIT_SETS, Face, load_split, split_name
from cardiolex.datasets.splits.split_set import SplitClass, SplitPart, SplitSet, write_truth

__all__ = [
    "FACES",
    "SPLIT_SETS",
    "Face",
    "SplitClass",
    "SplitPart",
    "SplitSet",
    "load_split",
    "split_name",
    "write_truth",
]
