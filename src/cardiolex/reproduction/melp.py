"""Tables of MELP (arXiv 2506.21803) and MERL (arXiv 2403.06659), as far as their figures are known.

MELP's "MERL" is a run of its authors; with which encoder is not recorded, MERL's ResNet stands for
it here.
"""

from __future__ import annotations

from cardiolex.evaluation.published import published_table
from cardiolex.evaluation.published_probe import Paper
from cardiolex.reproduction.definition import Row, TableDefinition, Training, columns_of
from cardiolex.reproduction.kmerl import MERL_RESNET, MERL_VIT

MELP = Training("melp")
UNKNOWN = "Figures that are missing could not be obtained; those shown come from others' summaries."


def _table(
    paper: Paper, table: str, title: str, rows: tuple[Row, ...], note: str
) -> TableDefinition:
    cells = published_table(paper, table)
    return TableDefinition(
        f"{paper}-{table}", paper, table, title, rows, columns_of(cells), cells, note=note
    )


TABLES = (
    _table(
        "melp",
        "linear-probe",
        "Linear probe on six data sets",
        (
            Row("SimCLR", Training("simclr")),
            Row("Wav2Vec2+CMSC+RLM", Training("wav2vec2-cmsc")),
            Row("MERL", MERL_RESNET),
            Row("MELP", MELP),
        ),
        UNKNOWN,
    ),
    _table("melp", "zero-shot", "Zero-shot per data set", (Row("MELP", MELP),), UNKNOWN),
    _table(
        "melp",
        "ablation",
        "Without one of the losses",
        (
            Row("no token supervision", Training("melp", "no-token")),
            Row(
                "no rhythm supervision",
                why="nothing can be asked: without this loss recordings and names share no space",
            ),
            Row("no beat supervision", Training("melp", "no-beat")),
        ),
        UNKNOWN,
    ),
    _table(
        "merl",
        "linear-probe",
        "Linear probe on six data sets",
        (Row("MERL ResNet", MERL_RESNET), Row("MERL ViT", MERL_VIT)),
        "As K-MERL's Tab. 1 quotes it.",
    ),
    _table(
        "merl",
        "zero-shot",
        "Zero-shot with enriched prompts and plain names",
        (
            Row("MERL ViT, CKEPE", MERL_VIT, prompts="enriched"),
            Row("MERL ResNet, CKEPE", MERL_RESNET, prompts="enriched"),
            Row("MERL ResNet, plain names", MERL_RESNET, prompts="name"),
            Row("MERL ViT, plain names", MERL_VIT, prompts="name"),
        ),
        "As SuPreME and K-MERL quote it; enriched prompts are in our words.",
    ),
)
