"""Pictures of results that are compared in groups, for their pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cardiolex.evaluation.bootstrap import Estimate
from cardiolex.evaluation.generation_result import ReportGenerationResult
from cardiolex.evaluation.mini_benchmark import MiniBenchmark
from cardiolex.evaluation.prompt_styles import PromptResult
from cardiolex.evaluation.retrieval_result import RetrievalResult
from cardiolex.evaluation.seen import SeenResult
from cardiolex.evaluation.transfer import TransferResult
from cardiolex.plots.comparisons import Group, Point, grouped
from cardiolex.plots.result_page import Picture

INTERVALS = "with 95 % interval"


def retrieval_picture(result: RetrievalResult) -> Picture:
    """Recall by direction and meaning of a hit, and what chance reaches."""
    groups = [
        Group(
            f"{one.direction}: {one.hits_are}",
            tuple(_point(f"R@{k}", e, one.chance[k]) for k, e in one.recall.items()),
        )
        for one in result.figures
    ]
    marks = f"filled: found, {INTERVALS}, open: by chance"
    return _picture(groups, "recall", marks, "Recall against chance, by direction and kind of hit")


def generation_picture(result: ReportGenerationResult) -> Picture:
    """Every figure of the written texts and of the baselines."""
    groups = [
        Group(key, tuple(_point(one.name, one.figures[key]) for one in result.texts))
        for key in result.texts[0].figures
    ]
    return _picture(groups, INTERVALS, "", "Written reports and baselines, figure by figure")


def prompts_picture(result: PromptResult) -> Picture:
    """Macro AUROC by style with its interval, then every condition."""
    styles = list(result.auroc)
    groups = [Group("macro mean", tuple(_point(style, result.macro(style)) for style in styles))]
    groups += [
        Group(
            condition,
            tuple(
                Point(style, float(result.auroc[style].value[c]), None, None) for style in styles
            ),
        )
        for c, condition in enumerate(result.conditions)
    ]
    return _picture(groups, f"AUROC; mean {INTERVALS}", "", "AUROC by wording of the questions")


def seen_picture(result: SeenResult) -> Picture:
    """Macro AUROC of seen and unseen conditions under both verdicts."""
    groups = [
        _group(f"by {how}", {met: result.macro[f"{met} by {how}"] for met in ("seen", "unseen")})
        for how in ("vocabulary", "similarity")
    ]
    return _picture(groups, f"macro AUROC, {INTERVALS}", "", "Seen in pre-training or not")


def transfer_picture(result: TransferResult) -> Picture | None:
    """Probe of the source and zero-shot by direction; None if nothing was measured."""
    groups = [
        _group(
            f"{one.source} to {one.target}",
            {"probe of the source": one.probe, "zero-shot": one.zero_shot},
        )
        for one in result.transfers
    ]
    groups = [group for group in groups if group.points]
    if not groups:
        return None
    return _picture(groups, f"macro AUROC, {INTERVALS}", "", "From one data set to another")


def benchmark_picture(result: MiniBenchmark) -> Picture:
    """Macro AUROC by set, with all leads and with lead I."""
    groups = [
        _group(
            f"{name} ({next(iter(found.values())).n_records})",
            {subset: one.macro_auroc for subset, one in found.items()},
        )
        for name, found in result.results.items()
    ]
    return _picture(groups, f"macro AUROC, {INTERVALS}", "", "Zero-shot by set (records)")


def _group(label: str, found: Mapping[str, Estimate | None]) -> Group:
    return Group(label, tuple(_point(name, one) for name, one in found.items() if one is not None))


def _point(series: str, one: Estimate, beside: float | None = None) -> Point:
    return Point(series, one.value, one.low, one.high, beside)


def _picture(groups: Iterable[Group], metric: str, marks: str, text: str) -> Picture:
    every = list(groups)
    series = list(dict.fromkeys(point.series for group in every for point in group.points))
    return Picture.of(grouped(every, series, metric=metric, marks=marks), text)
