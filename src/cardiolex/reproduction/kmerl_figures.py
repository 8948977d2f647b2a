"""K-MERL's figures (arXiv 2502.17900): the paper prints curves and bars, hardly any number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cardiolex.evaluation.published import published_table
from cardiolex.evaluation.published.cells import MEAN, Cell
from cardiolex.reproduction.definition import (
    Column,
    Prompts,
    Row,
    TableDefinition,
    Training,
    on_six_sets,
)
from cardiolex.reproduction.kmerl import KMERL, MERL_RESNET, MERL_VIT

NAMES = ("K-MERL", "MERL ResNet", "MERL ViT")
PLAIN = tuple(
    Row(name, training, prompts="name")
    for name, training in zip(NAMES, (KMERL, MERL_RESNET, MERL_VIT), strict=True)
)
STYLES: tuple[tuple[str, Prompts], ...] = (("names", "name"), ("enriched", "enriched"))
TWELVE = on_six_sets("zero-shot", leads=12)


def _figure(
    number: str, title: str, rows: tuple[Row, ...], columns: tuple[Column, ...], **rest: Any
) -> TableDefinition:
    return TableDefinition(
        f"kmerl-figure-{number}",
        "kmerl",
        f"Fig. {number}",
        title,
        rows,
        columns,
        **rest,
    )


def _means(table: str, rows: dict[str, str], leads: int) -> tuple[Cell, ...]:
    """Means of another table, under the names that a figure has for its rows."""
    return tuple(
        replace(cell, row=rows[cell.row])
        for cell in published_table("kmerl", table)
        if cell.row in rows and cell.protocol == "zero-shot" and cell.leads == leads
    )


def _panel(panel: str, values: dict[float, str | None]) -> tuple[Row, ...]:
    """A row for each place on a panel's axis; None is the published model itself."""
    return tuple(
        Row(f"{panel}: {x:g}", Training("kmerl", variant), at=(panel, x))
        for x, variant in values.items()
    )


def _figures() -> tuple[TableDefinition, ...]:
    ends = tuple(c for c in published_table("kmerl", "2") if c.row == "K-MERL")
    return (
        _figure(
            "4",
            "Zero-shot per data set, plain names",
            PLAIN,
            TWELVE,
            published=_means("6", dict(zip(NAMES, NAMES, strict=True)), 12),
            drawing="sets",
            note="Means: Tab. 6.",
        ),
        _figure(
            "5",
            "Zero-shot of seen and unseen classes",
            PLAIN,
            tuple(
                column
                for classes in ("seen", "unseen")
                for column in on_six_sets("zero-shot", leads=12, classes=classes)
            ),
            drawing="sets",
            note="The paper shows F1 as well; what is seen is decided by our vocabulary.",
        ),
        _figure(
            "6",
            "Zero-shot with one to twelve leads",
            PLAIN,
            tuple(Column(MEAN, "zero-shot", leads=n) for n in range(1, 13)),
            published=ends,
            drawing="leads",
            note="Published ends: Tab. 2.",
        ),
        _figure(
            "7",
            "Size of tokens, share of masked segments, fewest masked leads",
            (
                *_panel(
                    "samples of a token",
                    {
                        25: "token-size-25",
                        50: "token-size-50",
                        100: None,
                        125: "token-size-125",
                        200: "token-size-200",
                    },
                ),
                *_panel(
                    "masked segments, %",
                    {0: "no-segment-masking", 25: None, 50: "mask-ratio-50", 75: "mask-ratio-75"},
                ),
                *_panel(
                    "fewest masked leads",
                    {
                        **{n: f"masked-leads-from-{n}" for n in (6, 7, 8)},
                        9: None,
                        **{n: f"masked-leads-from-{n}" for n in (10, 11)},
                    },
                ),
            ),
            (Column(MEAN, "zero-shot", leads=12),),
            drawing="panels",
        ),
        _figure(
            "8",
            "Plain names against prompt engineering",
            (
                Row("K-MERL, names", KMERL, prompts="name"),
                *(
                    Row(f"{name}, {style}", training, prompts=prompts)
                    for name, training in (("MERL ResNet", MERL_RESNET), ("MERL ViT", MERL_VIT))
                    for style, prompts in STYLES
                ),
            ),
            TWELVE,
            published=(
                *_means("6", {name: f"{name}, names" for name in NAMES}, 12),
                *_enriched(),
            ),
            drawing="sets",
            note="Names: Tab. 6; enriched: MERL's abstract and SuPreME Tab. 14, 15.",
        ),
        _figure(
            "9",
            "Size of the encoder",
            tuple(
                Row(
                    f"encoder size: {size}",
                    Training("kmerl", None if size == "tiny" else size),
                    at=("width of the encoder", width),
                )
                for size, width in (("tiny", 192), ("small", 384), ("middle", 512), ("base", 768))
            ),
            (Column(MEAN, "zero-shot", leads=12),),
            drawing="panels",
        ),
    )


def _enriched() -> tuple[Cell, ...]:
    cells = (*published_table("merl", "zero-shot"), *published_table("merl", "abstract"))
    return tuple(
        replace(cell, row=cell.row.replace(", CKEPE", ", enriched"))
        for cell in cells
        if cell.row.endswith("CKEPE")
    )


FIGURES = _figures()
