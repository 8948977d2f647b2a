"""K-MERL's tables (arXiv 2502.17900)."""

from __future__ import annotations

from cardiolex.evaluation.published import published_table
from cardiolex.reproduction.definition import (
    Row,
    TableDefinition,
    Training,
    columns_of,
)

KMERL = Training("kmerl")
MERL_RESNET, MERL_VIT = Training("merl-resnet18"), Training("merl-vit-tiny")
ECG_ONLY = (
    Row("Random CNN", Training("random-init")),
    Row("Random Transformer", Training("random-init", "vit-tiny")),
    Row("SimCLR", Training("simclr")),
    Row("BYOL", Training("byol")),
    Row("Barlow Twins", Training("barlow-twins")),
    Row("MoCo-v3", Training("moco-v3")),
    Row("SimSiam", Training("simsiam")),
    Row("TS-TCC", Training("ts-tcc")),
    Row("CLOCS", Training("clocs")),
    Row("ASTCL", Training("astcl")),
    Row("CRT", Training("crt")),
    Row("ST-MEM", Training("st-mem")),
)
"""Rows that MERL's paper measured; its views, encoders and epochs are not public."""
FULL = Row("K-MERL", KMERL)
COPIED = "ECG-only rows: MERL's figures; nobody can repeat them, ours is a new measurement."


def _variant(row: str, variant: str) -> Row:
    return Row(row, Training("kmerl", variant))


def _labels(row: str, key: str) -> Row:
    return Row(row, Training("kmerl", labels=key))


def _table(
    number: str, title: str, rows: tuple[Row, ...], part: str = "", note: str = ""
) -> TableDefinition:
    cells = tuple(c for c in published_table("kmerl", number) if c.part == part)
    return TableDefinition(
        f"kmerl-table-{number}{part}",
        "kmerl",
        f"Tab. {number}{part}",
        title,
        rows,
        columns_of(cells),
        cells,
        note=note,
    )


LANGUAGE_MODELS = tuple(
    _labels(name, name.lower())
    for name in ("Llama-3.1-8B", "Gemma-9B", "Gemma-27B", "Llama-3.1-70B")
)


def _tables() -> tuple[TableDefinition, ...]:
    return (
        _table(
            "1",
            "Linear probe on six data sets",
            (*ECG_ONLY, Row("MERL ResNet", MERL_RESNET), Row("MERL ViT", MERL_VIT), FULL),
            note=COPIED,
        ),
        _table(
            "2",
            "Ablation of losses, entities and masking",
            (
                FULL,
                _variant("no contrast loss", "no-contrast"),
                _variant("no query loss", "no-queries"),
                _variant("no subtype aggregation", "no-superclasses"),
                _labels("no merging of duplicates", "unmerged"),
                _variant("segments masked over all tokens", "segments-over-all"),
                _variant("no segment masking", "no-segment-masking"),
                _variant("fixed number of masked leads", "fixed-masked-leads"),
                _variant("no lead masking", "no-lead-masking"),
            ),
        ),
        TableDefinition(
            "kmerl-table-3",
            "kmerl",
            "Tab. 3",
            "Records of the six splits",
            tuple(Row(part) for part in ("train", "val", "test")),
            columns_of(published_table("kmerl", "3")),
            published_table("kmerl", "3"),
        ),
        _table(
            "6",
            "Zero-shot and 1 % probe, means",
            (
                Row("MERL ResNet", MERL_RESNET, prompts="name"),
                Row("MERL ViT", MERL_VIT, prompts="name"),
                Row("K-MERL", KMERL, prompts="name"),
            ),
            note="Plain names for all.",
        ),
        _table(
            "7",
            "Tokens",
            (
                _variant("no lead-specific tokenisation", "no-lead-tokens"),
                _variant("no lead embedding", "no-lead-embedding"),
                _variant("no temporal embedding", "no-time-embedding"),
            ),
            "a",
        ),
        _table(
            "7",
            "Text encoder",
            (
                _variant("BioClinicalBERT", "bio-clinical-bert"),
                _variant("Med-KEBERT", "med-kebert"),
                Row("MedCPT", KMERL),
            ),
            "b",
        ),
        _table("7", "Language model", LANGUAGE_MODELS, "c"),
        _table(
            "7",
            "Layers of the query network",
            (
                *(_variant(f"{n} layer{'s' * (n > 1)}", f"query-layers-{n}") for n in (1, 2, 3)),
                Row("4 layers", KMERL),
                _variant("5 layers", "query-layers-5"),
            ),
            "d",
        ),
        _table(
            "7",
            "Heads of the query network",
            (
                *(_variant(f"{n} head{'s' * (n > 1)}", f"query-heads-{n}") for n in (1, 2, 3)),
                Row("4 heads", KMERL),
                _variant("5 heads", "query-heads-5"),
            ),
            "e",
        ),
        _table("8", "Accuracy of extraction", LANGUAGE_MODELS),
        _table(
            "9",
            "Wording of the prompts",
            tuple(_labels(f"prompt wording {n}", f"wording-{n}") for n in (1, 2, 3)),
        ),
        _table(
            "10",
            "Weight of the query loss",
            tuple(
                Row(
                    f"query loss weight {w}",
                    KMERL if w == "1.0" else Training("kmerl", f"query-weight-{w}"),
                )
                for w in ("0.25", "0.5", "0.75", "1.0", "1.25")
            ),
        ),
    )


TABLES = _tables()
