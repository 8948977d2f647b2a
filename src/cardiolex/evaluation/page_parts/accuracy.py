"""Parts of a page: how good the answers are, with all leads and with fewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.lead_importance import LeadImportance
from cardiolex.evaluation.metrics import roc_curve
from cardiolex.evaluation.mini_benchmark import MiniBenchmark
from cardiolex.evaluation.page_parts.pictures import benchmark_picture, transfer_picture
from cardiolex.evaluation.partial_leads import PartialLeadsResult
from cardiolex.evaluation.probing import ProbeResult
from cardiolex.evaluation.results import ZeroShotResult, decisions_table
from cardiolex.evaluation.transfer import TransferResult
from cardiolex.plots.curves import Dot, per_class, roc
from cardiolex.plots.result_page import Part, Picture, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CURVES = 7
"""ROC curves drawn: as many as can be told apart by colour."""
MOST_SUBSETS = 60
"""Subsets of leads drawn, a row each."""


def zero_shot_part(result: ZeroShotResult) -> Part:
    """Macro mean and classes with intervals, a bar per class, ROC curves."""
    dots = [_dot(f"{one.condition}  ({one.n_pos})", one.auroc) for one in result.classes]
    macro = result.macro_auroc
    bars = per_class(dots, mean=_dot("macro mean", macro))
    header, rows = result.class_rows()
    tables = [Table(header, rows, "Zero-shot, 95 % intervals by patient")]
    tables += [
        Table(*decisions_table(decided), f"Thresholds: {decided.thresholds_from}")
        for decided in (result.decisions, result.published)
        if decided is not None
    ]
    return Part(
        f"Zero-shot: {result.table}",
        (f"{result.n_records} records of {result.n_patients} patients ({result.patients_from}).",),
        (
            Picture.of(bars, "AUROC by condition (positives) with 95 % interval"),
            Picture.of(_roc(result), f"ROC curves of the {MOST_CURVES} most frequent conditions"),
        ),
        tuple(tables),
        tuple(result.omissions()),
    )


def _dot(label: str, estimate: Estimate) -> Dot:
    return Dot(label, estimate.value, estimate.low, estimate.high)


def _roc(result: ZeroShotResult) -> Figure:
    frequent = sorted(result.classes, key=lambda one: -one.n_pos)[:MOST_CURVES]
    column = {name: c for c, name in enumerate(result.conditions)}
    return roc(
        {
            f"{one.condition} ({one.auroc.value:.2f})": roc_curve(
                result.labels[:, column[one.condition]],
                result.probabilities[:, column[one.condition]],
            )
            for one in frequent
        }
    )


def partial_leads_part(result: PartialLeadsResult) -> Part:
    """The curve from one to twelve leads, and every subset."""
    nested = [one for one in result.subsets if one.group == "nested" and one.result is not None]
    pictures = []
    if nested:
        pictures.append(Picture.of(result.curve(), "Macro AUROC against the number of leads"))
    dots = [
        _dot(one.name, one.result.macro_auroc)
        for one in result.subsets
        if one.group != "nested" and one.result is not None
    ]
    if 0 < len(dots) <= MOST_SUBSETS:
        bars = per_class(dots, metric="macro AUROC")
        pictures.append(Picture.of(bars, "Macro AUROC by subset of leads with 95 % interval"))
    return Part(
        f"Fewer leads: {result.table}",
        ("III, aVR, aVL and aVF are sums of I and II: from two to six leads nothing is added.",),
        tuple(pictures),
        (Table(*result.rows()),),
    )


def importance_part(result: LeadImportance) -> Part:
    """The heat map of leads by condition."""
    return Part(
        f"Which leads matter: {result.table}",
        (
            "Shapley value of a lead: its mean gain in AUROC - 0.5 over the orders in which leads "
            f"can be added ({result.how}). A row sums to the AUROC of all leads above chance; "
            "leads that tell the same share the credit.",
            f"{result.n_records} records of {result.n_patients} patients that have all "
            f"{len(result.leads)} leads.",
        ),
        (Picture.of(result.figure(), "Share of each lead in the AUROC above chance"),),
        (Table(*result.rows(), "With 95 % intervals by patient"),),
    )


def probe_part(results: Sequence[ProbeResult]) -> Part:
    """Shares of the labels side by side, and every class with the largest share."""
    most = max(results, key=lambda one: one.share)
    dots = [_dot(f"{one.condition}  ({one.n_pos})", one.auroc) for one in most.classes]
    macro = most.macro_auroc
    bars = per_class(dots, mean=_dot("macro mean", macro))
    rows = [
        (
            f"{one.share:.0%}",
            f"{one.n_train:.0f}",
            str(one.n_test),
            one.protocol,
            str(one.draws),
            str(one.macro_auroc),
        )
        for one in results
    ]
    header = ("labels", "learned from", "judged on", "protocol", "draws", "macro AUROC (95 %)")
    return Part(
        f"Linear probe: {most.table}",
        ("A linear layer on the frozen encoder's features.",),
        (Picture.of(bars, f"AUROC by condition (positives), {most.share:.0%} of the labels"),),
        (Table(header, rows),),
        tuple(f"Left out: {one.condition} ({one.reason})." for one in most.left_out),
    )


def transfer_part(result: TransferResult) -> Part:
    """From one data set to another."""
    drawn = transfer_picture(result)
    return Part(
        "Transfer between data sets",
        (
            "A linear probe on the frozen features learns on the source and is judged on the "
            "target, over the conditions that both have; beside it zero-shot on the same.",
        ),
        () if drawn is None else (drawn,),
        (Table(*result.rows()),),
        tuple(f"{t.source} to {t.target}: {', '.join(t.classes)}." for t in result.transfers),
    )


def benchmark_part(result: MiniBenchmark) -> Part:
    """The papers' sets on the records that are there."""
    return Part(
        "The papers' sets, on the records that are there",
        (
            "Zero-shot macro AUROC with 95 % intervals by patient, over the conditions with at "
            f"least 3 positives and negatives; records of {', '.join(result.parts)}, labels in "
            f"the {result.face} face. F1 and accuracy with all leads, thresholds from other "
            "patients. Too few records to stand for the full test sets.",
        ),
        (benchmark_picture(result),),
        (Table(*result.rows()),),
    )
