"""The papers' six sets on those of their records that lie below a folder.

Whoever has a few hundred records of PTB-XL, CPSC2018 or Chapman-Shaoxing-Ningbo can ask a model
what the papers ask of theirs. All parts of a set count (zero-shot trains nothing); the number of
records and of the classes that could be measured stands beside every figure, which is therefore no
replacement for the full test sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.datasets.folders_below import folders_below
from cardiolex.datasets.splits import SPLIT_SETS, Face, SplitPart, load_split
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.results import ZeroShotResult, markdown_table, write_json
from cardiolex.evaluation.truth import TruthTable
from cardiolex.files import write_text

PARTS = ("train", "val", "test")
SUBSETS: Mapping[str, tuple[str, ...] | None] = {"all leads": None, "lead I": ("I",)}


def present_tables(
    root: str | Path,
    sets: Sequence[str] = tuple(SPLIT_SETS),
    parts: Sequence[str] = PARTS,
    face: Face = "strict",
) -> list[TruthTable]:
    """A truth table per set, of the records found anywhere below `root` by their file name.

    A header (.hea) goes before a .mat of the same name. Sets without any record are left out;
    CardiolexError if there is none of any.
    """
    if unknown := [part for part in parts if part not in PARTS]:
        raise CardiolexError(f"no part {unknown[0]!r}; choose among {', '.join(PARTS)}")
    found = _files(Path(root))
    tables = []
    for name in sets:
        whole = load_split(name, face)
        table = _table(whole.name, Path(root), [whole.part(p) for p in parts], found, whole.codes)
        if table is not None:
            tables.append(table)
    if not tables:
        raise CardiolexError(
            f"{root}: holds no record of {', '.join(sets)}; records are found by their names, "
            "such as 00001_hr.hea, A0001.hea, JS00001.hea"
        )
    return tables


def _files(root: Path) -> dict[str, str]:
    """Name of a record -> its file, relative to `root`."""
    if not root.is_dir():
        raise CardiolexError(f"{root}: no such folder")
    found: dict[str, str] = {}
    for folder, names in folders_below(root):
        for name in names:
            stem, _, ending = name.rpartition(".")
            known = found.get(stem, "")
            if (ending == "hea" and not known.endswith(".hea")) or (ending == "mat" and not known):
                found[stem] = (folder / name).relative_to(root).as_posix()
    return found


def _table(
    name: str,
    root: Path,
    parts: Sequence[SplitPart],
    found: Mapping[str, str],
    codes: Sequence[str],
) -> TruthTable | None:
    records: list[str] = []
    labels: list[Any] = []
    patients: list[str] = []
    for part in parts:
        by_code = part.by_code(codes)
        for n, record in enumerate(part.records):
            path = found.get(record.rpartition("/")[2])
            if path is not None:
                records.append(path)
                labels.append(by_code[n])
                patients += [part.patients[n]] if part.patients is not None else []
    if not records:
        return None
    condition = {one.code: one.condition for one in parts[0].classes}
    return TruthTable(
        name,
        root,
        tuple(records),
        tuple(condition[code] for code in codes),
        np.array(labels, np.float32),
        tuple(patients) if patients else None,
    )


@dataclass(frozen=True, eq=False)
class MiniBenchmark:
    """Results by set and by leads (`SUBSETS`), in the order of the sets."""

    model: str
    results: Mapping[str, Mapping[str, ZeroShotResult]]
    parts: tuple[str, ...]
    face: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "model": self.model,
            "parts": list(self.parts),
            "face": self.face,
            "sets": {
                name: {subset: one.to_dict() for subset, one in found.items()}
                for name, found in self.results.items()
            },
        }

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and a row per set."""
        subsets = list(next(iter(self.results.values())))
        header = ("set", "records", "patients", "classes measured", *subsets, "F1", "accuracy")
        rows = []
        for name, found in self.results.items():
            one = found[subsets[0]]
            decided = one.decisions.macro if one.decisions is not None else {}
            rows.append(
                (
                    SPLIT_SETS[name][0],
                    str(one.n_records),
                    str(one.n_patients),
                    f"{len(one.classes)} of {len(one.conditions)}",
                    *(str(found[subset].macro_auroc) for subset in subsets),
                    *(str(decided[m]) if m in decided else "" for m in ("f1", "accuracy")),
                )
            )
        return header, rows

    def to_markdown(self) -> str:
        """The table, then every class of every set."""
        lines = [
            f"**{self.model}: zero-shot macro AUROC (95 %); F1 and accuracy with all leads, "
            "thresholds from other patients**",
            "",
            *markdown_table(*self.rows()),
            "",
        ]
        for found in self.results.values():
            lines += [next(iter(found.values())).to_markdown(), ""]
        return "\n".join(lines).rstrip() + "\n"

    def write(self, folder: str | Path, stem: str = "mini-benchmark") -> list[Path]:
        """Write `STEM.json` and `.md`; returns the paths."""
        base = Path(folder) / stem
        paths = [base.with_name(base.name + suffix) for suffix in (".json", ".md")]
        write_json(paths[0], self.to_dict())
        write_text(paths[1], self.to_markdown())
        return paths
