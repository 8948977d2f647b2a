"""Results as parts of a page that can be shown: what was measured, tables, pictures, cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cardiolex.evaluation.calibration_result import CalibrationResult
from cardiolex.evaluation.lead_importance import LeadImportance
from cardiolex.evaluation.loading import LoadedTable
from cardiolex.evaluation.metrics import roc_curve
from cardiolex.evaluation.mini_benchmark import MiniBenchmark
from cardiolex.evaluation.paired import PairedResult
from cardiolex.evaluation.partial_leads import PartialLeadsResult
from cardiolex.evaluation.probing import ProbeResult
from cardiolex.evaluation.prompt_styles import PromptResult
from cardiolex.evaluation.results import ZeroShotResult, decisions_table, versions
from cardiolex.evaluation.robustness import RobustnessResult
from cardiolex.evaluation.seen import SeenResult
from cardiolex.evaluation.subgroups import SubgroupResult
from cardiolex.evaluation.transfer import TransferResult
from cardiolex.plots.curves import Dot, per_class, roc
from cardiolex.plots.paper import render
from cardiolex.plots.result_page import Part, Picture, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CURVES = 7
"""ROC curves drawn: as many as can be told apart by colour."""


def picture(figure: Figure, text: str) -> Picture:
    """A figure as SVG."""
    return Picture(render(figure, "svg"), text)


def zero_shot_part(result: ZeroShotResult) -> Part:
    """Macro mean and classes with intervals, a bar per class, ROC curves."""
    dots = [
        Dot(f"{one.condition}  ({one.n_pos})", one.auroc.value, one.auroc.low, one.auroc.high)
        for one in result.classes
    ]
    macro = result.macro_auroc
    bars = per_class(dots, mean=Dot("macro mean", macro.value, macro.low, macro.high))
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
            picture(bars, "AUROC by condition (positives) with 95 % interval"),
            picture(_roc(result), f"ROC curves of the {MOST_CURVES} most frequent conditions"),
        ),
        tuple(tables),
        tuple(result.omissions()),
    )


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
    pictures = (
        (picture(result.curve(), "Macro AUROC against the number of leads"),) if nested else ()
    )
    return Part(
        f"Fewer leads: {result.table}",
        ("III, aVR, aVL and aVF are sums of I and II: from two to six leads nothing is added.",),
        pictures,
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
        (picture(result.figure(), "Share of each lead in the AUROC above chance"),),
        (Table(*result.rows(), "With 95 % intervals by patient"),),
    )


def calibration_part(result: CalibrationResult) -> Part:
    """The reliability diagram before and after fits on other patients."""
    return Part(
        f"Calibration: {result.table}",
        (f"Fits: {result.fitted_on}. The model's own: {result.model_fit}.",),
        (picture(result.figure(), "Reliability diagram, all conditions together"),),
        (Table(*result.rows()),),
        warnings=result.warnings,
    )


def robustness_part(result: RobustnessResult) -> Part:
    """Curves by kind of disturbance."""
    return Part(
        f"Robustness: {result.table}",
        (
            "The same recordings, made worse. SNR: power of the signal above 0.5 Hz over that of "
            "the noise, over all leads. Changes are paired with the undisturbed answers.",
        ),
        (picture(result.figure(), "Macro AUROC under disturbances"),),
        (Table(*result.rows()),),
    )


def subgroup_part(result: SubgroupResult) -> Part:
    """Groups of patients."""
    measured = any(group.auroc for group in result.groups)
    pictures = (picture(result.figure(), "Macro AUROC by group"),) if measured else ()
    shared = [f"{by}: {', '.join(names)}" for by, names in result.shared.items() if names]
    return Part(
        f"Groups of patients: {result.table}",
        ("Within an attribute all groups are judged on the same conditions.",),
        pictures,
        (Table(*result.rows()),),
        tuple(shared),
    )


def seen_part(result: SeenResult) -> Part:
    """Seen and unseen conditions under both verdicts."""
    return Part(
        f"Seen and unseen conditions: {result.table}",
        (
            f"By similarity: cosine of {result.threshold:g} or more with a name met in "
            "pre-training, as the papers do. By vocabulary: the wording resolves to such a name.",
        ),
        (),
        (
            Table(*result.macro_rows()),
            Table(*result.table_rows(differing=True), "Where the verdicts differ"),
            Table(*result.table_rows(), "All conditions"),
        ),
    )


def prompts_part(result: PromptResult) -> Part:
    """Styles of questions side by side, and what was asked."""
    asked = [
        (condition, *("; ".join(result.texts[style][condition]) for style in result.texts))
        for condition in result.conditions
    ]
    return Part(
        f"Wording of the questions: {result.table}",
        (f"{result.n_records} records of {result.n_patients} patients, differences paired.",),
        (),
        (
            Table(*result.rows()),
            Table(("condition", *result.texts), asked, "What was asked"),
        ),
    )


def transfer_part(result: TransferResult) -> Part:
    """From one data set to another."""
    return Part(
        "Transfer between data sets",
        (
            "A linear probe on the frozen features learns on the source and is judged on the "
            "target, over the conditions that both have; beside it zero-shot on the same.",
        ),
        (),
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
        (),
        (Table(*result.rows()),),
    )


def paired_part(result: PairedResult) -> Part:
    """Two systems on the same recordings."""
    header, rows = result.rows()
    return Part(
        f"{result.first} against {result.second}: {result.table}",
        (f"{result.n_records} records of {result.n_patients} patients, the same for both.",),
        (picture(result.figure(), f"Difference of AUROC, {result.first} minus {result.second}"),),
        (Table(header, rows),),
        ("P values by DeLong's test with placements summed by patient, corrected by Holm.",),
    )


def data_card(loaded: Sequence[LoadedTable]) -> Part:
    """What the figures were measured on."""
    header = ("", *(one.table.name for one in loaded))
    facts = [_facts(one) for one in loaded]
    rows = [(name, *(fact[name] for fact in facts)) for name in facts[0]]
    unreadable = [f"{one.table.name}: {r} ({why})" for one in loaded for r, why in one.unreadable]
    return Part("Data card", (), (), (Table(header, rows),), tuple(unreadable))


def _facts(loaded: LoadedTable) -> dict[str, str]:
    recordings = loaded.recordings
    ages = np.array([r.age for r in recordings if r.age is not None and np.isfinite(r.age)])
    sexes = Counter(r.sex or "unknown" for r in recordings)
    patients, source = loaded.patients()
    labels = loaded.table.labels[loaded.rows]
    positives = (labels == 1).sum(axis=0)
    return {
        "records": f"{len(recordings)} ({len(loaded.unreadable)} unreadable)",
        "patients": f"{len(set(patients))} ({source})",
        "conditions": str(len(loaded.table.conditions)),
        "positives per condition": f"{positives.min()} to {positives.max()}",
        "unknown labels": f"{np.isnan(labels).mean():.1%}",
        "sex": ", ".join(f"{name} {count}" for name, count in sexes.most_common()),
        "age, years": _spread(ages) if len(ages) else "unknown",
        "sampling rate, Hz": _listed(Counter(f"{r.fs:g}" for r in recordings)),
        "duration, s": _spread(np.array([r.duration for r in recordings])),
        "leads": _listed(Counter(str(len(r.leads)) for r in recordings)),
        "derived leads": str(sum(bool(r.derived) for r in recordings)),
    }


def _spread(values: np.ndarray) -> str:
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"median {middle:.3g} ({low:.3g} to {high:.3g}), n = {len(values)}"


def _listed(counts: Counter[str]) -> str:
    shown = [f"{name} ({count})" for name, count in counts.most_common(5)]
    return ", ".join(shown) + (" …" if len(counts) > 5 else "")


def text_part(title: str, markdown: str) -> Part:
    """A result that is a table in Markdown."""
    return Part(title, markdown=markdown)


def probe_part(results: Sequence[ProbeResult]) -> Part:
    """Shares of the labels side by side, and every class with the largest share."""
    most = max(results, key=lambda one: one.share)
    dots = [
        Dot(f"{one.condition}  ({one.n_pos})", one.auroc.value, one.auroc.low, one.auroc.high)
        for one in most.classes
    ]
    macro = most.macro_auroc
    bars = per_class(dots, mean=Dot("macro mean", macro.value, macro.low, macro.high))
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
        (picture(bars, f"AUROC by condition (positives), {most.share:.0%} of the labels"),),
        (Table(header, rows),),
        tuple(f"Left out: {one.condition} ({one.reason})." for one in most.left_out),
    )


def model_card(name: str, card: str) -> Part:
    """The model's own card."""
    return Part(f"Model card: {name}", markdown=card or "The checkpoint has no card.")


def run_part(command: str, seed: int, resamples: int) -> Part:
    """How to get the page again."""
    told = ", ".join(f"{name} {version}" for name, version in versions().items())
    return Part(
        "How this was made",
        (f"{told}. Seed {seed}, {resamples} resamples of patients for every interval.",),
        code=command,
    )
