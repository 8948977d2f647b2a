"""Calls that the help of a command ends with."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": (
        "cardiolex inspect patient.hea",
        'cardiolex interpret patient.hea --conditions "atrial fibrillation; lbbb" --leads I,II',
        "cardiolex interpret folder/ --format csv --output findings.csv",
    ),
    "inspect": ("cardiolex inspect patient.hea", "cardiolex inspect folder/ --plot pictures"),
    "interpret": (
        'cardiolex interpret patient.hea --conditions "atrial fibrillation; lbbb" --leads I,II',
        "cardiolex interpret folder/ --format csv --output findings.csv --plot pictures",
        'cardiolex interpret patient.hea --explain "atrial fibrillation" --plot pictures',
        "cardiolex interpret patient.hea --conditions questions.txt --model RUN/model",
    ),
    "save-as": ("cardiolex save-as folder/ --format dicom --output out",),
    "report": ("cardiolex report patient.hea --model RUN/model",),
    "embed": ("cardiolex embed folder/ --output vectors.npz",),
    "search build": ("cardiolex search build folder/ --reports reports.csv --output INDEX",),
    "search find": (
        'cardiolex search find INDEX --text "atrial fibrillation"',
        "cardiolex search find INDEX patient.hea --top 3 --plot pictures",
    ),
    "simulate": (
        "cardiolex simulate STORE --count 1000",
        'cardiolex simulate files --format wfdb --count 20 --require "atrial fibrillation"',
    ),
    "extract": (
        "cardiolex extract reports.csv LABELS",
        "cardiolex extract reports.csv LABELS --text report --id record",
        "cardiolex extract reports.csv LABELS --extractor llm --model NAME --dry-run",
    ),
    "vocabulary build": ("cardiolex vocabulary build LABELS/names.csv decisions.csv",),
    "vocabulary apply": ("cardiolex vocabulary apply decisions.csv own.toml",),
    "download": ("cardiolex download ptb-xl PTBXL --dry-run",),
    "prepare": ("cardiolex prepare ptb-xl PTBXL STORE",),
    "prepare folder": (
        "cardiolex prepare folder recordings STORE --metadata records.csv --labels LABELS",
    ),
    "prepare truth": ("cardiolex prepare truth ptbxl_super PTBXL TRUTH",),
    "pretrain kmerl": (
        "cardiolex pretrain kmerl STORE RUN",
        "cardiolex pretrain kmerl STORE RUN --trainer.epochs 5 --text-encoder FOLDER",
        "torchrun --nproc-per-node 4 -m cardiolex pretrain kmerl STORE RUN",
    ),
    "evaluate zero-shot": (
        "cardiolex evaluate zero-shot truth.csv --root RECORDINGS --output results",
        "cardiolex evaluate zero-shot truth.csv --root RECORDINGS --leads I,II --model RUN/model",
    ),
    "evaluate partial-leads": (
        "cardiolex evaluate partial-leads truth.csv --root RECORDINGS --output results",
    ),
    "evaluate linear-probe": (
        "cardiolex evaluate linear-probe table.csv --root RECORDINGS --shares 1,10,100",
        "cardiolex evaluate linear-probe train.csv --valid valid.csv --test test.csv --root PTBXL",
    ),
    "evaluate everything": (
        "cardiolex evaluate everything truth.csv --root RECORDINGS --output results",
    ),
    "calibrate": ("cardiolex calibrate own.csv --root RECORDINGS --output calibrated",),
    "reproduce": (
        "cardiolex reproduce list",
        "cardiolex reproduce kmerl-table-2 --output out --dry-run",
    ),
    "export onnx": ("cardiolex export onnx EXPORTED --model RUN/model",),
    "export hub": ("cardiolex export hub RUN/model organisation/name",),
    "serve": ("cardiolex serve --port 8000", "cardiolex serve --model RUN/model --workers 2"),
}
"""Words of the command -> its examples."""


def epilogue(command: str) -> str:
    """The examples as help shows them; empty where there are none."""
    lines = [f"    {example}" for example in EXAMPLES.get(command, ())]
    return "\n".join(["Examples:", "", *lines]) if lines else ""
