"""Parts of a page: how a model behaves when recordings, patients, wordings or models differ."""

from __future__ import annotations

from cardiolex.evaluation.calibration_result import CalibrationResult
from cardiolex.evaluation.page_parts.pictures import prompts_picture, seen_picture
from cardiolex.evaluation.paired import PairedResult
from cardiolex.evaluation.prompt_styles import PromptResult
from cardiolex.evaluation.robustness import RobustnessResult
from cardiolex.evaluation.seen import SeenResult
from cardiolex.evaluation.subgroups import SubgroupResult
from cardiolex.plots.result_page import Part, Picture, Table


def robustness_part(result: RobustnessResult) -> Part:
    """Curves by kind of disturbance."""
    return Part(
        f"Robustness: {result.table}",
        (
            "The same recordings, made worse. SNR: power of the signal above 0.5 Hz over that of "
            "the noise, over all leads. Changes are paired with the undisturbed answers.",
        ),
        (Picture.of(result.figure(), "Macro AUROC under disturbances"),),
        (Table(*result.rows()),),
    )


def subgroup_part(result: SubgroupResult) -> Part:
    """Groups of patients."""
    measured = any(group.auroc for group in result.groups)
    pictures = (Picture.of(result.figure(), "Macro AUROC by group"),) if measured else ()
    shared = [f"{by}: {', '.join(names)}" for by, names in result.shared.items() if names]
    return Part(
        f"Groups of patients: {result.table}",
        ("Within an attribute all groups are judged on the same conditions.",),
        pictures,
        (Table(*result.rows()),),
        tuple(shared),
    )


def calibration_part(result: CalibrationResult) -> Part:
    """The reliability diagram before and after fits on other patients."""
    return Part(
        f"Calibration: {result.table}",
        (f"Fits: {result.fitted_on}. The model's own: {result.model_fit}.",),
        (Picture.of(result.figure(), "Reliability diagram, all conditions together"),),
        (Table(*result.rows()),),
        warnings=result.warnings,
    )


def seen_part(result: SeenResult) -> Part:
    """Seen and unseen conditions under both verdicts."""
    differing = Table(*result.table_rows(differing=True), "Where the verdicts differ")
    agreed = () if differing.rows else ("Both verdicts agree on every condition.",)
    return Part(
        f"Seen and unseen conditions: {result.table}",
        (
            f"By similarity: cosine of {result.threshold:g} or more with a name met in "
            "pre-training, as the papers do. By vocabulary: the wording resolves to such a name.",
        ),
        (seen_picture(result),),
        (
            Table(*result.macro_rows()),
            *([differing] if differing.rows else []),
            Table(*result.table_rows(), "All conditions"),
        ),
        agreed,
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
        (prompts_picture(result),),
        (
            Table(*result.rows()),
            Table(("condition", *result.texts), asked, "What was asked"),
        ),
    )


def paired_part(result: PairedResult) -> Part:
    """Two systems on the same recordings."""
    header, rows = result.rows()
    return Part(
        f"{result.first} against {result.second}: {result.table}",
        (f"{result.n_records} records of {result.n_patients} patients, the same for both.",),
        (
            Picture.of(
                result.figure(), f"Difference of AUROC, {result.first} minus {result.second}"
            ),
        ),
        (Table(header, rows),),
        ("P values by DeLong's test with placements summed by patient, corrected by Holm.",),
    )
