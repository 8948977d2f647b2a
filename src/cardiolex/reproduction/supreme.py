"""SuPreME's tables (arXiv 2502.19668, workshop version).

Its figures 3 and 7 to 17 print no numbers, and what each shows is not recorded here: they are not
available. Two drawings show what its text and tables speak of: zero-shot by share of the
pre-training records, and zero-shot per class.
"""

from __future__ import annotations

from dataclasses import replace

from cardiolex.evaluation.published import Cell, published_table
from cardiolex.evaluation.published.cells import MEAN, SPLIT_SETS
from cardiolex.reproduction.definition import (
    Column,
    Row,
    TableDefinition,
    Training,
    columns_of,
    on_six_sets,
)
from cardiolex.reproduction.kmerl import COPIED, ECG_ONLY, MERL_VIT

SUPREME = Training("supreme")
FULL = Row("SuPreME", SUPREME)
MERL = Row("MERL ViT", MERL_VIT)
SHARES = (1, 5, 10, 20, 50, 100)
NOT_AVAILABLE = {
    f"supreme-figure-{n}": "not available: the paper prints no numbers in it, and what it shows is "
    "not recorded here; supreme-data-share and supreme-per-class draw what its text speaks of"
    for n in (3, *range(7, 18))
}
"""Figures that cannot be made, and why."""


def _table(
    number: str,
    title: str,
    rows: tuple[Row, ...],
    cells: tuple[Cell, ...] | None = None,
    letter: str = "",
    note: str = "",
) -> TableDefinition:
    chosen = published_table("supreme", number) if cells is None else cells
    return TableDefinition(
        f"supreme-table-{number}{letter}",
        "supreme",
        f"Tab. {number}",
        title,
        rows,
        columns_of(chosen),
        chosen,
        note=note,
    )


def _ablations() -> TableDefinition:
    """Sub-tables b to h of Tab. 1, one after the other; their letters are not recorded."""
    cells = tuple(c for c in published_table("supreme", "1") if c.part != "a")
    full = {"Llama-3.1-70B", "MedCPT", "simplified", "dropout 0.10"}
    variants = {
        "ResNet": "resnet",
        "BioClinicalBERT": "bio-clinical-bert",
        "PubMedBERT": "pubmed-bert",
        "no fusion network (linear)": "linear",
        "dropout 0.05": "dropout-0.05",
        "dropout 0.15": "dropout-0.15",
    }
    labels = {"Llama-3.1-8B": "llama-3.1-8b", "no deduplication": "unmerged"}

    def row(name: str) -> Row:
        if name in full:
            return Row(name, SUPREME)
        if name in variants:
            return Row(name, Training("supreme", variants[name]))
        if name in labels:
            return Row(name, Training("supreme", labels=labels[name]))
        if name == "MERL's CKEPE":
            return Row(name, SUPREME, prompts="enriched")
        return Row(name, why="the prompts are not published")

    names = dict.fromkeys(cell.row for cell in cells)
    title = "Ablations, mean zero-shot"
    note = (
        "Ours in the rows Llama-3.1-70B, MedCPT, simplified and dropout 0.10 is the full model, "
        "with the labels that were given (--labels) or the store's. Enriched prompts are in our "
        "words."
    )
    return _table("1", title, tuple(map(row, names)), cells, "-ablations", note)


def _main() -> TableDefinition:
    cells = tuple(c for c in published_table("supreme", "1") if c.part == "a")
    return _table("1", "Zero-shot and linear probe, means", (MERL, FULL), cells)


def _tables() -> tuple[TableDefinition, ...]:
    return (
        _main(),
        _ablations(),
        _table("9", "Linear probe on six data sets", (*ECG_ONLY, MERL, FULL), note=COPIED),
        _table("10", "Zero-shot of unseen classes and of all", (FULL,)),
        _table(
            "11",
            "With and without the fusion network",
            (
                Row("linear, ResNet", Training("supreme", "resnet-linear")),
                Row("linear, ViT", Training("supreme", "linear")),
                Row("fusion network, ResNet", Training("supreme", "resnet")),
                Row("fusion network, ViT", SUPREME),
            ),
        ),
        _table("14", "Zero-shot per data set against MERL", (MERL, FULL)),
        _table(
            "15",
            "Zero-shot mean against MERL",
            (MERL, FULL),
            tuple(c for c in published_table("supreme", "15") if c.protocol == "zero-shot"),
        ),
    )


def _shares() -> TableDefinition:
    share = "share of the pre-training records, %"
    rows = tuple(
        Row(
            f"SuPreME, {percent} %",
            SUPREME
            if percent == 100
            else Training("supreme", changes={"share": percent / 100}, called=f"share-{percent}"),
            at=(share, percent),
        )
        for percent in SHARES
    )
    whole = tuple(
        replace(cell, row="SuPreME, 100 %")
        for cell in published_table("supreme", "1")
        if cell.row == "SuPreME" and cell.protocol == "zero-shot"
    )
    return TableDefinition(
        "supreme-data-share",
        "supreme",
        "as its text has it",
        "Zero-shot by share of the pre-training records",
        rows,
        (Column(MEAN, "zero-shot", leads=12),),
        whole,
        "panels",
        "The text says that 20 % of the records beat ECG-only methods probed with 10 % of labels; "
        "the shares are ours.",
    )


def _per_class() -> TableDefinition:
    return TableDefinition(
        "supreme-per-class",
        "supreme",
        "as Tab. 14, by class",
        "Zero-shot per class",
        (FULL,),
        on_six_sets("zero-shot", leads=12),
        tuple(
            c
            for c in published_table("supreme", "14")
            if c.row == "SuPreME" and c.split_set in SPLIT_SETS
        ),
        "classes",
        "The paper's figures by class are not available here.",
    )


TABLES = _tables()
FIGURES = (_shares(), _per_class())
